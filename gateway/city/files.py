"""The files of a city's folder, of which all faults are told at once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from gateway.fault import BadInput, Faults, Finding

T = TypeVar("T")


class Files:
    """Reads one file after the other and keeps what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        """Begin with nothing wrong."""
        self._folder = folder
        self._findings: list[Finding] = []

    def read(self, name: str, read: Callable[[bytes], T]) -> T | None:
        """Return what stands in a file, None where there is none or it is wrong."""
        file = self._folder / name
        try:
            return read(file.read_bytes()) if file.is_file() else None
        except BadInput as fault:
            self._findings += _findings(fault, file)
            return None

    def settle(self) -> None:
        """Raise Faults if anything was wrong."""
        if self._findings:
            raise Faults(self._findings)


def _findings(fault: BadInput, file: Path) -> Iterator[Finding]:
    if not isinstance(fault, Faults):
        yield Finding(rule=fault.code, message=fault.message, path=fault.path, hint=fault.hint, file=str(file))
        return
    for found in fault.findings:
        yield replace(found, file=str(file)) if found.file in ("", file.name) else found
