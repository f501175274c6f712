"""What must hold of a database's address, wherever it is named: in city.toml or on the command line."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from gateway.config import hosts
from gateway.config.secret import SecretPlace
from gateway.config.settings import Database
from gateway.fault import BadInput

_ENCRYPT = "add ?sslmode=verify-full, or say knowingly that it may go plain: plain = true, or --plain"


def named(url: str, secret: SecretPlace | None, *, plain: bool) -> Database:
    """Return the database at an address that somebody typed; raises BadInput for the first thing that is wrong with it."""
    if not url.startswith("postgresql://") or any(char in url for char in '"\\\n'):
        raise BadInput("store-url", "the store's url cannot be read", hint="postgresql://user@host/database")
    for code, message, hint in wrong(url, plain=plain):
        raise BadInput(code, message, hint=hint)
    return Database(url=url, secret=secret)


def wrong(url: str, *, plain: bool) -> Iterator[tuple[str, str, str]]:
    """Yield code, message and hint of what makes a PostgreSQL URL unsafe; `plain` is for a network that is trusted knowingly."""
    parts = urlsplit(url)
    if not plain and not hosts.encrypted(url):
        yield "url-plain", "the record would cross the network unproven and in the clear", _ENCRYPT
    if parts.password is not None or "password" in parse_qs(parts.query):
        yield "secret-in-url", "a password stands outside of the url", "name a secret_file or a secret_env"
