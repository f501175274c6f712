"""Secrets: named in the city's settings, kept outside them, and never printed."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from gateway.fault import BadInput, Missing

MOST_BYTES = 4096


class Secret:
    """A value that shows itself only to whoever asks for it by name."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keep the value; surrounding white space, such as a file's last newline, is not part of it."""
        self._value = value.strip()

    def reveal(self) -> str:
        """Return the value, for the one place that must use it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"


class SecretPlace(Struct, frozen=True, kw_only=True):
    """Where a secret stands: in a file that nobody else can read, or in an environment variable."""

    file: Path | None = None
    env: str | None = None


def read_secret(place: SecretPlace, environment: Mapping[str, str] = os.environ) -> Secret:
    """Return the secret that stands there.

    Raises Missing("secret-missing"), BadInput("secret-exposed") for a file that others may read, and BadInput("secret-empty",
    "secret-too-large", "secret-encoding"); none of them tells anything of the value.
    """
    secret = Secret(_from_file(place.file) if place.file else _from_environment(place.env or "", environment))
    if not secret.reveal():
        raise BadInput("secret-empty", f"nothing stands in {place.file or place.env}", hint="put the secret there")
    return secret


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    try:
        return environment[name]
    except KeyError:
        hint = "set it before the gateway starts, or name a secret_file"
        raise Missing("secret-missing", f"the environment variable {name} is not set", hint=hint) from None


def _from_file(file: Path) -> str:
    try:
        _private(file, file.stat())
        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise Missing("secret-missing", message, hint=f"put the secret there, then: chmod 600 {file}") from None
    if len(raw) > MOST_BYTES:
        raise BadInput("secret-too-large", f"{file} has more than {MOST_BYTES} bytes", hint="is it the right file?")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadInput("secret-encoding", f"{file} is not text", hint="is it the right file?") from None


def _private(file: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise BadInput("secret-exposed", f"{file} is no ordinary file", hint="put the secret in a file of its own")
    if found.st_mode & 0o077:
        message = f"others may read or change {file} (mode {stat.S_IMODE(found.st_mode):04o})"
        raise BadInput("secret-exposed", message, hint=f"chmod 600 {file}, and replace the secret if others could have read it")
