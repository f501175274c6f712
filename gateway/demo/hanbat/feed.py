"""Hanbat's static GTFS feed: the tables, the same byte for byte wherever they are made, and a zip of them."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, pairwise
from math import dist

from gateway.demo.hanbat.layout import Layout, degrees
from gateway.demo.hanbat.lines import Run, Service, services
from gateway.demo.hanbat.metro import CHINESE, STATIONS, entrances, platforms, stations
from gateway.demo.hanbat.streets import Halt, streets

AGENCY, OPERATOR, SITE, ZONE = "hanbat", "한밭교통공사", "https://transit.example.com", "Asia/Seoul"
FIRST_DAY, LAST_DAY = "20260101", "20271231"
HOLIDAYS = """
2026-01-01 2026-02-16 2026-02-17 2026-02-18 2026-05-05 2026-06-03 2026-09-24 2026-09-25 2026-10-09 2026-12-25
2027-01-01 2027-02-08 2027-03-01 2027-05-05 2027-05-13 2027-09-14 2027-09-15 2027-09-16 2027-12-31
"""
"""Working days on which Hanbat rests."""
SERVICES = ("weekday", "weekend")
FIRST_MINUTE, LAST_MINUTE = 6 * 60, 22 * 60
DWELL_S = 20

Row = Sequence[object]


def feed(layout: Layout) -> bytes:
    """Return the feed as a zip; how tight it is packed is the machine's, what is in it is not."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for (name, header), rows in sorted(_tables(layout).items()):
            entry = zipfile.ZipInfo(f"{name}.txt", date_time=(2026, 1, 1, 0, 0, 0))
            entry.create_system, entry.compress_type = 3, zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, _csv(header, rows))
    return packed.getvalue()


def _tables(layout: Layout) -> dict[tuple[str, str], Iterable[Row]]:
    """Return the rows of each table by its name and header."""
    lines = services(layout)
    halts = _halts(layout, lines)
    return {
        ("agency", "agency_id,agency_name,agency_url,agency_timezone,agency_lang"): [[AGENCY, OPERATOR, SITE, ZONE, "ko"]],
        ("calendar", "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date"): _calendar(),
        ("calendar_dates", "service_id,date,exception_type"): _holidays(),
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


def _holidays() -> Iterator[Row]:
    for day in map(date.fromisoformat, HOLIDAYS.split()):
        yield ["weekday", f"{day:%Y%m%d}", 2]
        yield ["weekend", f"{day:%Y%m%d}", 1]


def _halts(layout: Layout, lines: Sequence[Service]) -> list[Halt]:
    """Return every station with its entrances and platforms, and every stop of a street that a bus serves."""
    served = {halt.id for line in lines for run in line.runs for halt in run.halts}
    on_streets = (halt for street in streets(layout).values() for halt in (*street.there, *street.back))
    metro = (*stations(layout), *entrances(layout), *platforms(layout, 1), *platforms(layout, 2))
    return [*metro, *(halt for halt in on_streets if halt.id in served)]


def _stop(halt: Halt) -> Row:
    longitude, latitude = degrees(halt.place)
    return [halt.id, halt.korean, f"{latitude:.5f}", f"{longitude:.5f}", halt.kind, halt.parent]


def _shapes(line: Service) -> Iterator[Row]:
    for run in line.runs:
        for number, place in enumerate(run.way, start=1):
            longitude, latitude = degrees(place)
            yield [_shape_id(line, run), f"{latitude:.5f}", f"{longitude:.5f}", number]


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
    for language, metro in (("ja", "都市鉄道1号線"), ("zh-Hans", "城市轨道交通1号线")):
        yield ["routes", "route_long_name", language, metro, "1"]
    japanese = {korean: name for _, _, korean, _, name in STATIONS}
    for halt in halts:
        yield ["stops", "stop_name", "en", halt.english, halt.id]
        for language, names in (("ja", japanese), ("zh-Hans", CHINESE)):
            if halt.korean in names:
                yield ["stops", "stop_name", language, names[halt.korean], halt.id]


def _csv(header: str, rows: Iterable[Row]) -> str:
    text = io.StringIO(header + "\n")
    text.seek(0, io.SEEK_END)
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
