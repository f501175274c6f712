"""A zip of CSV tables, opened with suspicion: sizes are settled before anything is unpacked."""

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import TextIO

from msgspec import Struct

from gateway.fault import BadInput, Faults, Finding

MOST_FILES = 200
MOST_BYTES = 1 << 30
MOST_RATIO = 200
SMALL_ENOUGH = 1 << 20
MOST_FAULTS = 100

# What zipfile raises for bytes that somebody bent: negative offsets, unknown versions, wrong sums, ends that come too soon.
BROKEN = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError, struct.error)

Cells = tuple[str, ...]


class Row(Struct, frozen=True):
    """The wanted cells of one row, in the order they were asked for; `line` counts from 1."""

    line: int
    cells: Cells


class Faultlist:
    """Gathers what is wrong with a feed, so that it is mended in one go."""

    def __init__(self) -> None:
        """Start with nothing wrong."""
        self.findings: list[Finding] = []

    def add(self, rule: str, message: str, file: str, line: int = 0, *, hint: str = "") -> None:
        """Note one fault; raises Faults when there are so many that reading on would not help."""
        self.findings.append(Finding(rule=rule, message=message, file=file, line=line, hint=hint))
        if len(self.findings) >= MOST_FAULTS:
            raise Faults(self.findings)

    def settle(self) -> None:
        """Raise Faults if anything was noted."""
        if self.findings:
            raise Faults(self.findings)


class Archive:
    """The tables of one static feed."""

    def __init__(self, data: bytes, faults: Faultlist) -> None:
        """Open the zip; raises BadInput("gtfs-zip", "gtfs-too-large") for what is no zip or would not fit."""
        self._faults = faults
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except BROKEN as error:
            raise BadInput("gtfs-zip", f"not a zip file: {error}", hint="give the feed as one zip of .txt tables") from None
        _fits(self._zip.infolist())
        self.files = frozenset(self._zip.namelist())

    def rows(self, file: str, needed: Sequence[str], wanted: Sequence[str] = ()) -> Iterator[Row]:
        """Yield the needed and the wanted columns of a table; a wanted column that is absent is empty.

        A missing file, column or cell is noted, not raised; raises BadInput("gtfs-table") for bytes that are no UTF-8 CSV.
        """
        if file not in self.files:
            self._faults.add("gtfs-file", f"{file} is missing", file, hint="tables stand at the top of the zip, in no folder")
            return
        try:
            with self._zip.open(file) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
                yield from self._read(text, file, needed, wanted)
        except (*BROKEN, csv.Error) as error:
            raise BadInput("gtfs-table", f"{file}: {error}", path=file, hint="write the table as UTF-8 CSV") from None

    def _read(self, text: TextIO, file: str, needed: Sequence[str], wanted: Sequence[str]) -> Iterator[Row]:
        table = csv.reader(text, strict=True)
        header = [name.strip() for name in next(table, [])]
        if absent := [name for name in needed if name not in header]:
            self._faults.add("gtfs-column", f"{file} has no column {', '.join(absent)}", file, 1)
            return
        # A wanted column that is absent is read from an empty cell put behind every row.
        columns = [header.index(name) if name in header else -1 for name in (*needed, *wanted)]
        for cells in table:
            if len(cells) == len(header):
                cells.append("")
                yield Row(table.line_num, tuple([cells[column] for column in columns]))
            elif cells:
                message = f"{len(cells)} cells under {len(header)} columns"
                self._faults.add("gtfs-row", message, file, table.line_num)


def _fits(entries: Sequence[zipfile.ZipInfo]) -> None:
    whole = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_FILES or whole > MOST_BYTES:
        message = f"{len(entries)} files of {whole} bytes; {MOST_FILES} files and {MOST_BYTES} bytes are the most"
        raise BadInput("gtfs-too-large", message, hint="cut the feed down to the city")
    for entry in entries:
        if entry.file_size > max(SMALL_ENOUGH, MOST_RATIO * entry.compress_size):
            raise BadInput("gtfs-too-large", f"{entry.filename} is packed suspiciously tight", hint="zip the plain tables again")
