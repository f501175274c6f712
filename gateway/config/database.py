"""What must hold of a database's address, wherever it is named: in city.toml or on the command line."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from gateway.config import hosts
from gateway.config.secret import SecretPlace
from gateway.config.settings import Database
from gateway.fault import BadInput

_ENCRYPT = "add ?sslmode=verify-full, or say knowingly that it may go plain: plain = true, or --plain"

KNOWN = frozenset({
    *("host", "port", "user", "password", "dbname", "database", "passfile", "target_session_attrs"),
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib", "options", "search_path"),
})  # fmt: skip
"""What a query may hold; anything else asyncpg takes for a setting of the server, which then turns each connection away."""


def named(url: str, secret: SecretPlace | None, *, plain: bool) -> Database:
    """Return the database at an address that somebody typed; raises BadInput for the first thing that is wrong with it."""
    if not url.startswith("postgresql://") or any(char in url for char in '"\\\n'):
        raise BadInput("store-url", "the store's url cannot be read", hint="postgresql://user@host/database")
    for code, message, hint in wrong(url, plain=plain):
        raise BadInput(code, message, hint=hint)
    return Database(url=url, secret=secret)


def wrong(url: str, *, plain: bool) -> Iterator[tuple[str, str, str]]:
    """Yield code, message and hint of what makes a PostgreSQL URL unsafe, or of no use on the day its second host is needed.

    `plain` is for a network that is trusted knowingly.
    """
    parts = urlsplit(url)
    if not plain and not hosts.encrypted(url):
        yield "url-plain", "the record would cross the network unproven and in the clear", _ENCRYPT
    for what in hosts.misnamed(url):
        yield "store-url", f"{what!r} names no machine and port", "write host or host:port, with commas between several"
    for what in sorted(parse_qs(parts.query, keep_blank_values=True).keys() - KNOWN):
        yield "store-url", f"nothing is known of {what!r}", f"take it out; known are {', '.join(sorted(KNOWN - {'password'}))}"
    if parts.password is not None or "password" in parse_qs(parts.query):
        yield "secret-in-url", "a password stands outside of the url", "name a secret_file or a secret_env"
