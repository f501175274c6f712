"""Static feeds: what is read, what is refused with file and line, and what a zip may not do to us."""

import csv
import io
import struct
import time
import zipfile
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gateway.fault import BadInput, Faults
from gateway.formats import gtfs
from gateway.formats.gtfs import Course, Pattern, Route, Stop, StopKind, Trip

CAIRNS = Path(__file__).parents[2] / "../shared/data/gtfs/cairns.zip"

TABLES = {
    "agency.txt": "agency_id,agency_name,agency_timezone\nA,Trams,Asia/Seoul\n",
    "stops.txt": (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
        'ST,"Market, old",36.3600,127.3500,1,\n'
        "P1,Market 1,36.3601,127.3500,0,ST\n"
        "P2,Market 2,36.3599,127.3500,,ST\n"
        "E1,Market door,36.3600,127.3501,2,ST\n"
        "X,Hill,36.3600,127.3600,0,\n"
        "N,Passage,,,3,ST\n"
    ),
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\nR,,7,Market - Hill,0\n",
    "shapes.txt": (
        "shape_id,shape_pt_sequence,shape_pt_lat,shape_pt_lon\n"
        "W,2,36.36,127.36\nW,1,36.36,127.35\nDOT,1,36.36,127.35\nDOT,2,36.36,127.35\n"
    ),
    "trips.txt": "route_id,trip_id,direction_id,shape_id\nR,T1,0,W\nR,T2,0,W\nR,T3,1,DOT\nR,T4,,\n",
    "stop_times.txt": "trip_id,stop_sequence,stop_id\nT1,20,X\nT1,3,P1\nT2,1,P1\nT2,2,X\nT3,1,X\nT3,2,P2\nT4,1,X\nT4,2,\n",
    "feed_info.txt": "feed_publisher_name,feed_version\nus,2026-07\n",
}


def packed(**changes: str | None) -> bytes:
    """Return a small feed; a table may be given anew (its name without .txt), or be None and so be missing."""
    tables = TABLES | {f"{name}.txt": text for name, text in changes.items()}
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            if text is not None:
                archive.writestr(name, text)
    return body.getvalue()


def changed(table: str, old: str, new: str) -> bytes:
    """Return a small feed in which one table reads otherwise."""
    assert old in TABLES[f"{table}.txt"]
    return packed(**{table: TABLES[f"{table}.txt"].replace(old, new)})


def test_a_feed_is_read_as_it_is_written() -> None:
    network = gtfs.load(packed())

    assert network.stops["ST"] == Stop(id="ST", name="Market, old", position=(127.35, 36.36), kind=StopKind.STATION)
    assert network.stops["P2"] == Stop(id="P2", name="Market 2", position=(127.35, 36.3599), parent="ST")
    assert network.stops["N"].position is None
    assert network.routes == {"R": Route(id="R", agency="A", short_name="7", long_name="Market - Hill", type=0)}
    assert network.agencies["A"].timezone == "Asia/Seoul"
    assert network.version == "2026-07"


def test_trips_of_one_stop_order_share_a_pattern_and_stop_times_need_not_be_sorted() -> None:
    network = gtfs.load(packed())

    assert network.patterns == (Pattern("R", 0, ("P1", "X")), Pattern("R", 1, ("X", "P2")), Pattern("R", None, ("X",)))
    assert network.trips == {"T1": Trip("T1", 0), "T2": Trip("T2", 0), "T3": Trip("T3", 1), "T4": Trip("T4", 2)}
    assert network.routes_at == {"P1": {"R"}, "P2": {"R"}, "X": {"R"}}
    assert list(network.patterns_of("R", 1)) == [network.patterns[1]]
    assert list(network.patterns_of(None)) == list(network.patterns)


def test_stations_know_their_platforms_and_not_their_doors() -> None:
    network = gtfs.load(packed())

    assert network.platforms == {"ST": {"P1", "P2"}}
    assert [network.station(stop) for stop in ("P1", "ST", "X")] == ["ST", "ST", "X"]


def test_a_shape_of_one_point_is_tolerated_and_told() -> None:
    network = gtfs.load(packed())

    assert network.courses == (Course("R", 0, "W", shapely.LineString([(127.35, 36.36), (127.36, 36.36)])),)
    assert [(finding.rule, finding.file) for finding in network.findings] == [("gtfs-shape", "shapes.txt")]


def test_a_feed_without_shapes_says_what_that_means() -> None:
    network = gtfs.load(packed(shapes=None, trips="route_id,trip_id\nR,T1\nR,T2\nR,T3\nR,T4\n"))

    assert not network.courses
    assert [finding.rule for finding in network.findings] == ["gtfs-no-shapes"]
    assert network.courses_in(shapely.box(127, 36, 128, 37), 1) == ()


def test_stops_on_the_edge_are_inside_and_doors_are_no_stops() -> None:
    network = gtfs.load(packed())

    assert network.stops_in(shapely.box(127.35, 36.3601, 127.355, 36.3700)) == {"P1"}
    assert network.stops_in(shapely.box(127.34, 36.35, 127.3505, 36.37)) == {"ST", "P1", "P2"}


def test_a_course_is_inside_by_its_length_on_the_ground() -> None:
    network = gtfs.load(packed())
    half = shapely.box(127.355, 36.35, 127.37, 36.37)

    assert [course.shape for course in network.courses_in(half, 448)] == ["W"]
    assert network.courses_in(half, 449) == ()


def test_one_unnamed_agency_runs_every_route() -> None:
    network = gtfs.load(packed(agency="agency_name,agency_timezone\nTrams,Asia/Seoul\n"))

    assert network.routes["R"].agency == ""
    assert network.agencies[""].name == "Trams"


def test_a_byte_order_mark_and_spaces_in_the_header_are_no_fault() -> None:
    assert gtfs.load(changed("routes", "route_id,agency_id", "\ufeffroute_id , agency_id")).routes["R"].short_name == "7"


@pytest.mark.parametrize(
    ("table", "old", "new", "rule", "line"),
    [
        ("agency", "agency_timezone", "zone", "gtfs-column", 1),
        ("stops", "P1,Market 1,36.3601", "P1,Market 1,north", "gtfs-number", 3),
        ("stops", "P1,Market 1,36.3601", "P1,Market 1,91", "gtfs-position", 3),
        ("stops", "P1,Market 1,36.3601", "P1,Market 1,nan", "gtfs-position", 3),
        ("stops", "P1,Market 1,36.3601", "P1,Market 1,", "gtfs-position", 3),
        ("stops", "127.3500,0,ST", "127.3500,0,STATION", "gtfs-reference", 3),
        ("stops", "127.3500,0,ST", "127.3500,9,ST", "gtfs-value", 3),
        ("stops", "X,Hill", "P1,Hill", "gtfs-duplicate", 6),
        ("stops", "127.3600,0,", "127.3600,0", "gtfs-row", 6),
        ("routes", "R,,7", "R,B,7", "gtfs-reference", 2),
        ("routes", "Hill,0", "Hill,tram", "gtfs-number", 2),
        ("shapes", "W,2,", "W,second,", "gtfs-number", 2),
        ("trips", "R,T2", "Q,T2", "gtfs-reference", 3),
        ("trips", "T2,0,W", "T2,0,V", "gtfs-reference", 3),
        ("trips", "T2,0,W", "T2,2,W", "gtfs-value", 3),
        ("trips", "R,T2", "R,T1", "gtfs-duplicate", 3),
        ("stop_times", "T3,1,X", "T9,1,X", "gtfs-reference", 6),
        ("stop_times", "T3,1,X", "T3,1,Y", "gtfs-reference", 6),
        ("stop_times", "T3,1,X", "T3,first,X", "gtfs-number", 6),
    ],
)
def test_a_fault_is_told_with_its_file_and_line(table: str, old: str, new: str, rule: str, line: int) -> None:
    with pytest.raises(Faults) as refusal:
        gtfs.load(changed(table, old, new))

    assert (rule, f"{table}.txt", line) in [(found.rule, found.file, found.line) for found in refusal.value.findings]


@pytest.mark.parametrize("table", ["agency", "stops", "routes", "trips", "stop_times"])
def test_a_missing_table_is_told(table: str) -> None:
    with pytest.raises(Faults) as refusal:
        gtfs.load(packed(**{table: None}))

    assert ("gtfs-file", f"{table}.txt") in [(found.rule, found.file) for found in refusal.value.findings]


def test_every_fault_is_told_at_once_but_not_without_end() -> None:
    wrong = "trip_id,stop_sequence,stop_id\n" + "T9,1,X\n" * 500

    with pytest.raises(Faults) as refusal:
        gtfs.load(packed(stop_times=wrong))

    assert len(refusal.value.findings) == 100


def lying() -> bytes:
    """Return a zip whose directory promises less than the table unpacks to."""
    data = bytearray(packed())
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, entry + 24, 10)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "gtfs-zip"),
        (b"stop_id,stop_name\n", "gtfs-zip"),
        (packed()[:-40], "gtfs-zip"),
        (packed(shapes="0" * (8 << 20)), "gtfs-too-large"),
        (packed(**{f"extra{number}": "" for number in range(200)}), "gtfs-too-large"),
        (lying(), "gtfs-table"),
        (packed(agency='agency_name,agency_timezone\n"never closed'), "gtfs-table"),
        (packed(agency="agency_name,agency_timezone\n" + "x" * 200_000 + ",Asia/Seoul\n"), "gtfs-table"),
    ],
)
def test_what_is_no_feed_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        gtfs.load(data)

    assert refusal.value.code == code
    assert refusal.value.hint


def outcome(data: bytes) -> str:
    """Return `read`, or the first word of the refusal's code."""
    try:
        return "read" if gtfs.load(data).stops else "empty"
    except BadInput as refusal:
        return refusal.code.split("-", maxsplit=1)[0]


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 20))
def test_bent_bytes_are_read_or_refused_and_nothing_else(bends: list[tuple[float, int]], cut: int) -> None:
    data = bytearray(packed()[cut:])
    for where, byte in bends:
        data[int(where * len(data))] = byte

    assert outcome(bytes(data)) in ("read", "gtfs")


def test_a_table_that_is_not_utf_8_is_refused() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("agency.txt", "agency_name,agency_timezone\n한밭,Asia/Seoul\n".encode("euc-kr"))

    with pytest.raises(BadInput, match="gtfs-table"):
        gtfs.load(body.getvalue())


@pytest.mark.skipif(not CAIRNS.is_file(), reason="the Cairns feed is not beside the project")
def test_a_real_city_is_read_whole_and_quickly() -> None:
    data = CAIRNS.read_bytes()

    began = time.perf_counter()
    network = gtfs.load(data)
    took = time.perf_counter() - began

    assert (len(network.stops), len(network.routes), len(network.courses)) == (416, 22, 54)
    with zipfile.ZipFile(CAIRNS) as archive:
        calls = csv.DictReader(io.TextIOWrapper(archive.open("stop_times.txt"), "utf-8-sig"))
        served = {call["stop_id"] for call in calls}
    assert set(network.routes_at) == served
    assert took < 10
