"""Hanbat's static GTFS feed: the tables, and a zip of them that is the same byte for byte wherever it is made."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from math import dist

from gateway.demo.hanbat.layout import Layout, degrees
from gateway.demo.hanbat.lines import Halt, Run, Service, services, stations

AGENCY, OPERATOR, SITE, ZONE = "hanbat", "한밭교통공사", "https://transit.example.com", "Asia/Seoul"
FIRST_DAY, LAST_DAY = "20260101", "20271231"
SERVICES = ("weekday", "weekend")
FIRST_MINUTE, LAST_MINUTE = 6 * 60, 22 * 60
DWELL_S = 20

Row = Sequence[object]


def feed(layout: Layout) -> bytes:
    """Return the feed as a zip; stored, not deflated, because deflaters differ from machine to machine."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for (name, header), rows in sorted(_tables(layout).items()):
            entry = zipfile.ZipInfo(f"{name}.txt", date_time=(2026, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, _csv(header, rows))
    return packed.getvalue()


def _tables(layout: Layout) -> dict[tuple[str, str], Iterable[Row]]:
    """Return the rows of each table by its name and header."""
    lines = services(layout)
    halts = [*stations(layout), *(halt for line in lines for run in line.runs for halt in run.halts)]
    return {
        ("agency", "agency_id,agency_name,agency_url,agency_timezone,agency_lang"): [[AGENCY, OPERATOR, SITE, ZONE, "ko"]],
        ("calendar", "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date"): _calendar(),
        (
            "feed_info",
            "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version,feed_contact_url",
        ): [[OPERATOR, SITE, "ko", FIRST_DAY, LAST_DAY, f"hanbat-{layout.seed}", SITE]],
        (
            "routes",
            "route_id,agency_id,route_short_name,route_long_name,route_type,route_color,route_text_color",
        ): ([line.id, AGENCY, line.id, line.korean, line.type, line.colour, "FFFFFF"] for line in lines),
        ("shapes", "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence"): chain.from_iterable(map(_shapes, lines)),
        (
            "stop_times",
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint",
        ): chain.from_iterable(map(_stop_times, lines)),
        ("stops", "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station"): map(_stop, halts),
        ("translations", "table_name,field_name,language,translation,record_id"): _translations(lines, halts),
        (
            "trips",
            "route_id,service_id,trip_id,trip_headsign,direction_id,shape_id",
        ): chain.from_iterable(map(_trips, lines)),
    }


def _calendar() -> Iterator[Row]:
    yield ["weekday", 1, 1, 1, 1, 1, 0, 0, FIRST_DAY, LAST_DAY]
    yield ["weekend", 0, 0, 0, 0, 0, 1, 1, FIRST_DAY, LAST_DAY]


def _stop(halt: Halt) -> Row:
    longitude, latitude = degrees(halt.place)
    return [halt.id, halt.korean, f"{latitude:.6f}", f"{longitude:.6f}", int(halt.station), halt.parent]


def _shapes(line: Service) -> Iterator[Row]:
    for run in line.runs:
        for number, place in enumerate(run.way, start=1):
            longitude, latitude = degrees(place)
            yield [_shape_id(line, run), f"{latitude:.6f}", f"{longitude:.6f}", number]


def _shape_id(line: Service, run: Run) -> str:
    return f"{line.id}-{run.direction}"


def _departures(line: Service) -> Iterator[tuple[str, str, Run, int]]:
    """Yield service, trip id, direction and first departure in seconds after midnight."""
    for service, headway in zip(SERVICES, line.headway, strict=True):
        for run in line.runs:
            for minute in range(FIRST_MINUTE, LAST_MINUTE + 1, headway):
                yield service, f"{line.id}-{run.direction}-{service}-{minute // 60:02}{minute % 60:02}", run, minute * 60


def _trips(line: Service) -> Iterator[Row]:
    for service, trip, run, _ in _departures(line):
        yield [line.id, service, trip, run.halts[-1].korean, run.direction, _shape_id(line, run)]


def _stop_times(line: Service) -> Iterator[Row]:
    for _, trip, run, start in _departures(line):
        for number, (halt, seconds) in enumerate(zip(run.halts, _timetable(line, run), strict=True), start=1):
            arrival, departure = start + seconds, start + seconds + (DWELL_S if 1 < number < len(run.halts) else 0)
            yield [trip, _clock(arrival), _clock(departure), halt.id, number, 1]


def _timetable(line: Service, run: Run) -> list[int]:
    """Return when a vehicle reaches each stop, in seconds after it set out, rounded up to ten."""
    times = [0]
    for before, after in pairwise(run.halts):
        ride = int(dist(before.place, after.place) / line.speed)
        times.append(times[-1] + -(-(ride + DWELL_S) // 10) * 10)
    return times


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _translations(lines: Sequence[Service], halts: Sequence[Halt]) -> Iterator[Row]:
    yield ["agency", "agency_name", "en", "Hanbat Transit", AGENCY]
    for line in lines:
        yield ["routes", "route_long_name", "en", line.english, line.id]
    for halt in halts:
        yield ["stops", "stop_name", "en", halt.english, halt.id]


def _csv(header: str, rows: Iterable[Row]) -> str:
    text = io.StringIO(header + "\n")
    text.seek(0, io.SEEK_END)
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
