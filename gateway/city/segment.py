"""What an operator's own words about the network mean: checked against the feed, and followed along the order of stops."""

from collections.abc import Iterator, Mapping, Sequence

from gateway.fault import BadInput
from gateway.formats.gtfs import Network, Pattern
from gateway.incident import TransitPart


def fitting(network: Network, part: TransitPart, path: str) -> tuple[Pattern, ...]:
    """Return the stop orders that fit every field of a part; raises BadInput for an unknown id or fields that never meet."""
    _complete(part, path)
    _known(network, part, path)
    if part.trip is None:
        patterns = tuple(network.patterns_of(part.route, part.direction))
    else:
        patterns = (network.patterns[network.trips[part.trip].pattern],)
    fit = tuple(pattern for pattern in patterns if _fits(network, part, pattern))
    if not fit and (part.stop is None or part.route or part.trip or part.agency):
        hint = "check agency, route, direction and trip against the static feed"
        raise BadInput("transit-inconsistent", "no trip of the feed fits all these fields", path=path, hint=hint)
    return fit


def between(network: Network, part: TransitPart, patterns: Sequence[Pattern], path: str) -> tuple[set[str], tuple[Pattern, ...]]:
    """Return the stops that lie between `from_stop` and `to_stop`, and the stop orders that pass there.

    The two ends still serve and are not among them. Without a direction both are meant, and a station stands for its
    platforms. Raises BadInput("transit-order") where no trip goes that way.
    """
    ends = (network.station(part.from_stop or ""), network.station(part.to_stop or ""))
    inner: set[str] = set()
    serving = []
    for pattern in patterns:
        spans = list(_spans([network.station(stop) for stop in pattern.stops], ends, both_ways=part.direction is None))
        inner.update(stop for first, last in spans for stop in pattern.stops[first + 1 : last])
        serving += [pattern] if spans else []
    if not serving:
        message = f"no such trip goes from {part.from_stop!r} to {part.to_stop!r}"
        raise BadInput("transit-order", message, path=f"{path}/from_stop", hint="swap the two stops, or leave the direction out")
    return {stop for stop in inner if network.station(stop) not in ends}, tuple(serving)


def _spans(stations: Sequence[str], ends: tuple[str, str], *, both_ways: bool) -> Iterator[tuple[int, int]]:
    for start, goal in (ends, ends[::-1]) if both_ways else (ends,):
        if start in stations and goal in stations[stations.index(start) + 1 :]:
            first = stations.index(start)
            yield first, stations.index(goal, first + 1)


def _complete(part: TransitPart, path: str) -> None:
    if part == TransitPart(closed=part.closed):
        raise BadInput("transit-empty", "the part names nothing", path=path, hint="name an agency, route, stop or trip")
    if (part.from_stop is None) != (part.to_stop is None) or (part.from_stop is not None and part.stop is not None):
        hint = "give from_stop and to_stop together, or stop alone"
        raise BadInput("transit-inconsistent", "a segment needs both its ends and no stop", path=path, hint=hint)
    if part.direction is not None and part.route is None and part.trip is None:
        hint = "name the route whose direction it is"
        raise BadInput("transit-inconsistent", "a direction needs its route", path=f"{path}/direction", hint=hint)


def _known(network: Network, part: TransitPart, path: str) -> None:
    named: Mapping[str, tuple[str | None, Mapping[str, object]]] = {
        "agency": (part.agency, network.agencies),
        "route": (part.route, network.routes),
        "stop": (part.stop, network.stops),
        "from_stop": (part.from_stop, network.stops),
        "to_stop": (part.to_stop, network.stops),
        "trip": (part.trip, network.trips),
    }
    for field, (id, among) in named.items():
        if id is not None and (not id or id not in among):
            message = f"the static feed has no {field} {id!r}"
            raise BadInput("transit-unknown", message, path=f"{path}/{field}", hint="use the identifiers of the city's gtfs.zip")


def _fits(network: Network, part: TransitPart, pattern: Pattern) -> bool:
    return (
        part.route in (None, pattern.route)
        and part.direction in (None, pattern.direction)
        and part.agency in (None, network.routes[pattern.route].agency)
    )
