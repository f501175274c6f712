"""Numbered forward-only migrations: which there are, and which a store still needs."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from gateway.alert import digest
from gateway.fault import Unavailable


class Migration(Struct, frozen=True):
    """One step; `number` and `name` come from the file's name."""

    number: int
    name: str
    sql: bytes


def known(folder: Path) -> Iterator[Migration]:
    """Yield the migrations this version of the gateway knows, in order; raises ValueError where a number is missing or twice."""
    for place, file in enumerate(sorted(folder.glob("[0-9]*.sql")), start=1):
        number, _, name = file.stem.partition("_")
        if int(number) != place:
            raise ValueError(f"{file.name} is migration {place}: number it so, with those before it")
        yield Migration(int(number), name, file.read_bytes())


def pending(applied: Mapping[int, str], folder: Path) -> list[Migration]:
    """Return what is still to be applied to a store that has `applied` (number, checksum).

    Raises Unavailable for a store that is newer than we are, or another's.
    """
    ours = {step.number: step for step in known(folder)}
    if newer := applied.keys() - ours.keys():
        message = f"the store has migration {max(newer)}, this gateway knows {max(ours)}"
        raise Unavailable("store-newer", message, hint="run the newer gateway, or restore a backup from before the upgrade")
    for number, sha256 in applied.items():
        if digest(ours[number].sql) != sha256:
            message = f"migration {number} is not the one the store was built with"
            raise Unavailable("store-migration-changed", message, hint="install an unmodified release of the gateway")
    return [step for number, step in sorted(ours.items()) if number not in applied]
