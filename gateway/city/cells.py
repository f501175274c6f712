"""The cells that serve a city: `cells.csv`, one sector or one round cell to a row."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyproj
import shapely
from msgspec import Struct
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.area import Position
from gateway.fault import BadInput, Faults, Finding

COLUMNS = ("cell", "site", "lat", "lon", "azimuth", "beamwidth", "range_m", "technology")
TECHNOLOGIES = ("gsm", "umts", "lte", "nr")
MOST_BYTES = 64 << 20
MOST_FAULTS = 100
MOST_RANGE_M = 100_000.0
ALL_AROUND = 360.0
LONG_EDGES = 1.0001
"""What an edge that is straight on a map may cut off, made good."""
_RIM = 12
_EARTH = pyproj.Geod(ellps="WGS84")


class Cell(Struct, frozen=True, kw_only=True):
    """One cell by its network's own name, (longitude, latitude) of its mast, and the ground it serves.

    `azimuth` is where the middle of its sector looks, in degrees from north by east; `beamwidth` the whole angle it serves.
    """

    id: str
    site: str
    place: Position
    azimuth: float
    beamwidth: float
    range_m: float
    technology: str


@dataclass(frozen=True, eq=False, repr=False)
class Cells:
    """All cells of a city, in the order of their file, and where each of them reaches."""

    all: tuple[Cell, ...] = ()

    def reaching(self, place: BaseGeometry) -> tuple[Cell, ...]:
        """Return every cell whose sector meets a surface, be it by its edge."""
        return tuple(self.all[index] for index in sorted(self._tree.query(place, predicate="intersects")))

    def ground(self, place: BaseGeometry) -> BaseGeometry:
        """Return all the ground that the cells reaching a surface serve."""
        return area.union(self.sectors[index] for index in self._tree.query(place, predicate="intersects"))

    @cached_property
    def sectors(self) -> tuple[BaseGeometry, ...]:
        """The ground of each cell: a fan from its mast, or a circle around it, never smaller than its range."""
        return tuple(_sectors(self.all))

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.sectors)


def read(raw: bytes, file: str = "cells.csv") -> Cells:
    """Read a CSV table of cells; raises Faults with file and line of everything that is wrong, up to a hundred faults.

    Columns: cell, site, lat, lon, azimuth, beamwidth, range_m, technology; a round cell leaves azimuth and beamwidth empty.
    """
    rows = _rows(raw, file)
    cells: dict[str, Cell] = {}
    findings = []
    for line, row in rows:
        try:
            cell = _cell(row)
        except BadInput as fault:
            findings.append(Finding(rule=fault.code, message=fault.message, hint=fault.hint, file=file, line=line))
            continue
        if cell.id in cells:
            message, hint = f"{cell.id} stands there twice", "give each cell one row"
            findings.append(Finding(rule="cell-duplicate", message=message, hint=hint, file=file, line=line))
        cells[cell.id] = cell
    if findings:
        raise Faults(findings[:MOST_FAULTS])
    return Cells(tuple(cells.values()))


def _rows(raw: bytes, file: str) -> list[tuple[int, Sequence[str]]]:
    if len(raw) > MOST_BYTES:
        raise BadInput("cells-too-large", f"{file} has more than {MOST_BYTES} bytes", hint="cut it down to the city")
    try:
        table = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
        header = [name.strip() for name in next(table, [])]
        rows = [(table.line_num, row) for row in table if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("cells-table", f"{file}: {error}", hint="write the table as UTF-8 CSV") from None
    if absent := [name for name in COLUMNS if name not in header]:
        finding = Finding(rule="cells-column", message=f"there is no column {', '.join(absent)}", file=file, line=1)
        raise Faults([finding])
    if not rows:
        raise Faults([Finding(rule="cells-empty", message="there are no cells", file=file, line=1)])
    order = [header.index(name) for name in COLUMNS]
    return [(line, [row[at] if at < len(row) else "" for at in order]) for line, row in rows]


def _cell(row: Sequence[str]) -> Cell:
    id, site, north, east, azimuth, beamwidth, reach, technology = (cell.strip() for cell in row)
    for name, given in (("cell", id), ("site", site)):
        if not given or len(given) > 64 or not given.isascii() or not given.isprintable() or " " in given:
            raise BadInput("cell-name", f"{name} is {given!r}", hint="write at most 64 ASCII characters without a space")
    if technology not in TECHNOLOGIES:
        raise BadInput("cell-technology", f"technology is {technology!r}", hint=f"one of: {', '.join(TECHNOLOGIES)}")
    if bool(azimuth) != bool(beamwidth):
        raise BadInput("cell-sector", "azimuth and beamwidth go together", hint="leave both empty for a round cell")
    return Cell(
        id=id,
        site=site,
        place=(_number("lon", east, -180, 180), _number("lat", north, -90, 90)),
        azimuth=_number("azimuth", azimuth or "0", 0, 360),
        beamwidth=_number("beamwidth", beamwidth or "360", 1, ALL_AROUND),
        range_m=_number("range_m", reach, 1, MOST_RANGE_M),
        technology=technology,
    )


def _number(name: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise BadInput("cell-number", f"{name} is {text!r}", hint=f"write a number from {low:g} to {high:g}")
    return value


def _sectors(cells: Sequence[Cell]) -> Iterator[BaseGeometry]:
    """Yield fans whose rim lies outside the true arc; all rims at once, because there may be many thousands."""
    rays = [ray for cell in cells for ray in _rays(cell)]
    if not rays:
        return
    starts_east, starts_north, bearings, reach = (list(column) for column in zip(*rays, strict=True))
    east, north, _ = _EARTH.fwd(starts_east, starts_north, bearings, reach)
    rims = zip(*[zip(east, north, strict=True)] * (_RIM + 1), strict=True)
    for cell, rim in zip(cells, rims, strict=True):
        yield shapely.Polygon(rim if cell.beamwidth == ALL_AROUND else [cell.place, *rim])


def _rays(cell: Cell) -> Iterator[tuple[float, float, float, float]]:
    step = cell.beamwidth / _RIM
    reach = cell.range_m / math.cos(math.radians(step / 2)) * LONG_EDGES
    for number in range(_RIM + 1):
        yield *cell.place, cell.azimuth - cell.beamwidth / 2 + number * step, reach
