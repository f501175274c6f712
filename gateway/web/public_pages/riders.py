"""What concerns riders at a stop or on a line, as the selectors of an alert say it; selectors AND their fields."""

from collections.abc import Iterator

from msgspec import Struct

from gateway.alert import Selector, Transit
from gateway.formats.gtfs import Network
from gateway.formats.gtfs.network import StopKind


class Scope(Struct, frozen=True):
    """The stops and lines of which a page speaks."""

    stops: frozenset[str]
    routes: frozenset[str]
    whole_lines: bool


class Hit(Struct, frozen=True):
    """One stop or line that an alert touches; `closed` where its operator said so."""

    kind: str
    id: str
    closed: bool


def has_page(network: Network, stop: str) -> bool:
    """Tell whether riders look for a stop by itself: platforms, stops and stations, no doors."""
    return stop in network.stops and network.stops[stop].kind in (StopKind.STOP, StopKind.STATION)


def at_stop(network: Network, stop: str) -> Scope:
    """Return what a stop's page speaks of: itself, its station or its platforms, and the lines that call there."""
    family = frozenset({stop, network.station(stop)}) | network.platforms.get(stop, frozenset())
    routes = frozenset(route for one in family - {network.station(stop)} | {stop} for route in network.routes_at.get(one, ()))
    return Scope(family, routes, whole_lines=False)


def on_line(network: Network, route: str) -> Scope:
    """Return what a line's page speaks of: the line, and every stop and station where it calls."""
    called = {stop for pattern in network.patterns_of(route) for stop in pattern.stops}
    return Scope(frozenset(called | {network.station(stop) for stop in called}), frozenset({route}), whole_lines=True)


def hits(network: Network, transit: Transit, scope: Scope | None) -> tuple[Hit, ...]:
    """Return what an alert touches within a scope (everywhere for None), what is closed first, each thing once."""
    closed = set(transit.closed)
    found: dict[tuple[str, str], bool] = {}
    for selector in (*transit.selectors, *transit.closed):
        if scope is None or _concerns(network, selector, scope):
            for kind, id in _named(network, selector):
                found[kind, id] = found.get((kind, id), False) or selector in closed
    return tuple(Hit(kind, id, shut) for (kind, id), shut in sorted(found.items(), key=lambda item: (not item[1], item[0])))


def _concerns(network: Network, selector: Selector, scope: Scope) -> bool:
    if selector.trip is not None:
        return _meets_trip(network, selector, scope)
    if selector.stop is not None:
        return selector.stop in scope.stops and (selector.route is None or selector.route in scope.routes)
    if selector.route is not None:
        return selector.route in scope.routes
    return any(network.routes[route].agency == selector.agency for route in scope.routes if route in network.routes)


def _meets_trip(network: Network, selector: Selector, scope: Scope) -> bool:
    if selector.trip is None or selector.trip not in network.trips:
        return False
    pattern = network.patterns[network.trips[selector.trip].pattern]
    if selector.stop is not None and selector.stop not in scope.stops:
        return False
    return pattern.route in scope.routes and (scope.whole_lines or not scope.stops.isdisjoint(pattern.stops))


def _named(network: Network, selector: Selector) -> Iterator[tuple[str, str]]:
    """Say a selector as a stop or as lines; an entrance is said as its station."""
    if selector.stop is not None:
        yield "stops", selector.stop if has_page(network, selector.stop) else _station(network, selector.stop)
    elif selector.route is not None:
        yield "lines", selector.route
    elif selector.trip is not None and selector.trip in network.trips:
        yield "lines", network.patterns[network.trips[selector.trip].pattern].route
    elif selector.agency is not None:
        yield from (("lines", route.id) for route in network.routes.values() if route.agency == selector.agency)


def _station(network: Network, stop: str) -> str:
    return network.station(stop) if stop in network.stops else stop
