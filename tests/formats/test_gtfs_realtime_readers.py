"""What riders of two journey planners would see: their reading of a feed, in our own words, for every boarding in Hanbat.

Reader one matches a leg by trip, then route, then stop, then agency, and drops the other fields of a selector; a route in
one direction it stores and never shows. Reader two ands route, direction and stop. Both look at a stop and at its station.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.transit import gtfs_realtime_pb2 as proto
from msgspec import Struct

from gateway.alert import Text, Transit, Version
from gateway.area import Area, LineString, Polygon, Role, polygons
from gateway.city import City
from gateway.formats import gtfs_realtime
from gateway.formats.gtfs import Network
from gateway.incident import TransitPart
from tests import samples

HANBAT = Path(__file__).parents[2] / "gateway/demo/hanbat"
AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)


class Leg(Struct, frozen=True):
    """Somebody who boards a route in a direction at a stop."""

    route: str
    direction: int
    stop: str


@pytest.fixture(scope="module")
def city() -> City:
    """The demo's city."""
    return City.load(HANBAT)


@pytest.fixture(scope="module")
def network(city: City) -> Network:
    """Its static feed."""
    assert city.network is not None
    return city.network


def legs(network: Network) -> set[Leg]:
    """Return every boarding there can be."""
    return {Leg(p.route, p.direction or 0, stop) for p in network.patterns for stop in p.stops}


def version(
    effect: str, city: City, areas: list[Area], parts: list[TransitPart], languages: tuple[str, ...] = ("ko",)
) -> Version:
    """Return an alert about what these areas and parts touch."""
    chosen = city.transit(areas, parts)
    return samples.version(
        texts=tuple(
            Text(language=tag, sender_name="", event="", headline=f"in {tag}", description="d", instruction="", short="")
            for tag in languages
        ),
        transit=Transit(cause="WEATHER", effect=effect, selectors=chosen.selectors, closed=chosen.closed),
    )


def published(told: Version) -> proto.Alert:
    """Return the alert as it stands in a feed."""
    body = gtfs_realtime.entity(told)
    assert body is not None
    alert: proto.Alert = gtfs_realtime.read(gtfs_realtime.join(AT, [body])).entity[0].alert
    return alert


def one(alert: proto.Alert, network: Network, leg: Leg) -> bool:
    """Tell whether the first planner shows the alert on a leg."""
    agency, here = network.routes[leg.route].agency, {leg.stop, network.station(leg.stop)}
    for selector in alert.informed_entity:
        if selector.HasField("trip"):
            continue
        if selector.route_id:
            way = selector.HasField("direction_id") and not selector.stop_id
            shown = selector.route_id == leg.route and not way and (not selector.stop_id or selector.stop_id in here)
        elif selector.stop_id:
            shown = selector.stop_id in here
        else:
            shown = selector.agency_id == agency
        if shown:
            return True
    return False


def two(alert: proto.Alert, network: Network, leg: Leg) -> bool:
    """Tell whether the second planner shows the alert on a leg."""
    agency, here = network.routes[leg.route].agency, {leg.stop, network.station(leg.stop)}
    for selector in alert.informed_entity:
        if selector.HasField("trip"):
            continue
        if selector.HasField("route_id"):
            met = selector.route_id == leg.route
            met = met and (not selector.HasField("direction_id") or selector.direction_id == leg.direction)
        else:
            met = not selector.HasField("agency_id") or selector.agency_id == agency
        if met and (not selector.HasField("stop_id") or selector.stop_id in here):
            return True
    return False


def riverside(city: City) -> Polygon:
    """Return the park on the bank that floods first."""
    (drawn,) = polygons(next(one.shape for one in city.landmarks if one.id == "hannae-riverside"))
    return drawn


READERS = pytest.mark.parametrize("reader", [one, two])
Reader = Callable[[proto.Alert, Network, Leg], bool]


def seen(reader: Reader, alert: proto.Alert, network: Network) -> set[Leg]:
    """Return the legs on which a planner shows an alert."""
    return {leg for leg in legs(network) if reader(alert, network, leg)}


def of(network: Network, *wanted: str) -> Iterator[Leg]:
    """Yield the legs of `route`, `route:direction` or `@stop`."""
    for leg in legs(network):
        if {leg.route, f"{leg.route}:{leg.direction}", f"@{leg.stop}"} & set(wanted):
            yield leg


@READERS
def test_a_flood_is_shown_at_every_flooded_stop_and_on_the_line_along_the_bank(
    reader: Reader, city: City, network: Network
) -> None:
    flood = Area(role=Role.DANGER, geometry=riverside(city))

    shown = seen(reader, published(version("MODIFIED_SERVICE", city, [flood], [])), network)

    assert shown == set(of(network, "102", "@H05E", "@H05W", "@S04-1", "@S04-2"))


@READERS
def test_a_closed_street_is_shown_on_what_runs_along_it(reader: Reader, city: City, network: Network) -> None:
    street = LineString(((127.349962, 36.360698), (127.350438, 36.3625), (127.350913, 36.364302)))
    closure = Area(role=Role.CLOSURE, geometry=street)

    shown = seen(reader, published(version("DETOUR", city, [closure], [])), network)

    assert shown == set(of(network, "102"))


CLOSED = [
    ({"route": "1", "from_stop": "S03", "to_stop": "S06"}, ("@S04-1", "@S04-2", "@S05-1", "@S05-2")),
    ({"route": "1", "direction": 0, "from_stop": "S07", "to_stop": "S09"}, ("@S08-1",)),
    ({"stop": "S05"}, ("@S05-1", "@S05-2")),
    ({"stop": "S05-1"}, ("@S05-1",)),
    ({"route": "102"}, ("102",)),
    ({"agency": "hanbat"}, ("1", *(str(bus) for bus in range(101, 113)))),
]


@READERS
@pytest.mark.parametrize(("part", "hit"), CLOSED)
def test_what_an_operator_closed_is_shown_closed_and_nothing_else(
    reader: Reader, city: City, network: Network, part: dict[str, Any], hit: tuple[str, ...]
) -> None:
    closed = TransitPart(**part, closed=True)
    alert = published(version("NO_SERVICE", city, [], [closed]))

    assert proto.Alert.Effect.Name(alert.effect) == "NO_SERVICE"
    assert seen(reader, alert, network) == set(of(network, *hit))


@pytest.mark.parametrize(("closed", "effect"), [(False, "MODIFIED_SERVICE"), (True, "NO_SERVICE")])
def test_a_closed_direction_never_closes_the_other(city: City, network: Network, *, closed: bool, effect: str) -> None:
    alert = published(version("NO_SERVICE", city, [], [TransitPart(route="101", direction=0, closed=closed)]))

    assert proto.Alert.Effect.Name(alert.effect) == effect
    assert seen(two, alert, network) == set(of(network, "101:0" if closed else "101"))
    assert seen(one, alert, network) == (set() if closed else set(of(network, "101")))


def test_a_polygon_never_leads_a_planner_to_close_a_whole_line(city: City) -> None:
    flood = Area(role=Role.DANGER, geometry=riverside(city))

    assert published(version("NO_SERVICE", city, [flood], [])).effect == proto.Alert.MODIFIED_SERVICE


def bare(said: proto.TranslatedString, wanted: str) -> str | None:
    """Answer as planners do that keep texts by tag and are asked for the bare language."""
    return {entry.language.lower(): entry.text for entry in said.translation}.get(wanted)


def prefix(said: proto.TranslatedString, wanted: str) -> str:
    """Answer as planners do that take the first tag the wish is a prefix of, else the first text."""
    spoken: list[tuple[str, str]] = [(entry.language, entry.text) for entry in said.translation]
    return next((text for tag, text in spoken if tag.startswith(wanted)), spoken[0][1])


@pytest.mark.parametrize("wanted", ["ko", "en", "zh", "ja"])
def test_riders_find_their_language_by_its_bare_name(city: City, wanted: str) -> None:
    languages = ("ko", "en", "zh-Hans", "ja")
    header = published(version("DETOUR", city, [], [TransitPart(route="102")], languages)).header_text
    spoken = {"zh": "zh-Hans"}.get(wanted, wanted)

    assert bare(header, wanted) == prefix(header, wanted) == f"in {spoken}"


def test_who_speaks_none_of_them_reads_the_citys_own_language_first(city: City) -> None:
    header = published(version("DETOUR", city, [], [TransitPart(route="102")], ("ko", "en"))).header_text

    assert prefix(header, "vi") == header.translation[0].text == "in ko"


def test_readers_of_the_old_period_and_of_the_new_one_see_the_same_time(city: City) -> None:
    alert = published(version("DETOUR", city, [], [TransitPart(route="102")]))

    (old,), (new,) = alert.active_period, alert.impact_period
    assert (old.start, old.end) == (new.start, new.end)
    assert 0 < old.start < old.end
