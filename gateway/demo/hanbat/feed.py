"""Hanbat's static GTFS feed: the tables, and a zip of them that is the same byte for byte wherever it is made."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from math import hypot

from gateway.demo.hanbat.layout import Layout, Line, degrees
from gateway.demo.hanbat.lines import Halt, Run, Service, services, stations

AGENCY = "hanbat"
FIRST_DAY, LAST_DAY = "20260101", "20271231"
DAYS = (("weekday", "1,1,1,1,1,0,0"), ("weekend", "0,0,0,0,0,1,1"))
FIRST_MINUTE, LAST_MINUTE = 6 * 60, 22 * 60
DWELL_S = 20

Table = list[Sequence[object]]


def feed(layout: Layout) -> bytes:
    """Return the feed as a zip; stored, not deflated, because deflaters differ from machine to machine."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, table in sorted(_tables(layout).items()):
            entry = zipfile.ZipInfo(f"{name}.txt", date_time=(2026, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, _csv(table))
    return packed.getvalue()


def _tables(layout: Layout) -> dict[str, Table]:
    lines = services(layout)
    halts = [*stations(layout), *_halts(lines)]
    return {
        "agency": _agency(),
        "calendar": _calendar(),
        "feed_info": _feed_info(layout.seed),
        "routes": [_ROUTES, *([s.id, AGENCY, s.id, s.korean, s.type, s.colour, "FFFFFF"] for s in lines)],
        "shapes": [_SHAPES, *(row for line in lines for run in line.runs for row in _shape(line, run))],
        "stop_times": [_STOP_TIMES, *(row for trip, line, run, start in _trips(lines) for row in _calls(trip, line, run, start))],
        "stops": [_STOPS, *(_stop(halt) for halt in halts)],
        "translations": [_TRANSLATIONS, *_translations(lines, halts)],
        "trips": [_TRIPS, *([s.id, trip.split(".")[1], trip, *_way(s, run)] for trip, s, run, _ in _trips(lines))],
    }


_ROUTES = "route_id agency_id route_short_name route_long_name route_type route_color route_text_color".split()
_SHAPES = "shape_id shape_pt_lat shape_pt_lon shape_pt_sequence".split()
_STOPS = "stop_id stop_name stop_lat stop_lon location_type parent_station".split()
_STOP_TIMES = "trip_id arrival_time departure_time stop_id stop_sequence timepoint".split()
_TRANSLATIONS = "table_name field_name language translation record_id".split()
_TRIPS = "route_id service_id trip_id trip_headsign direction_id shape_id".split()
