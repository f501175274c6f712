"""NO_SERVICE is an instruction: planners close everything it names, so it must name exactly what is closed."""

from gateway.alert import Selector, Transit

CLOSES = "NO_SERVICE"
INSTEAD = "MODIFIED_SERVICE"


def effect(transit: Transit) -> str:
    """Return the effect that may be published.

    NO_SERVICE stands only where every selector is a stop, a route at a stop or a trip, or was called closed by the operator;
    otherwise it becomes MODIFIED_SERVICE.
    """
    if transit.effect == CLOSES and not all(_exact(one) or one in transit.closed for one in transit.selectors):
        return INSTEAD
    return transit.effect


def _exact(selector: Selector) -> bool:
    return selector.stop is not None or selector.trip is not None
