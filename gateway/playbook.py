"""What the city decided in advance for a hazard; read from TOML, every fault reported at once with file and line."""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from gateway.area import Area
from gateway.incident import Certainty, Severity, Urgency


class Watch(Struct, frozen=True, kw_only=True):
    """Which sensors are watched and when their silence or stubbornness is itself news.

    `incident` is the id the watch gives its incidents; `hold` is how long a level must last before it counts;
    `at_least` sensors of `sensors` must agree; a value outside `low`..`high` is impossible.
    """

    incident: str
    source: str
    property: str
    unit: str
    sensors: tuple[str, ...]
    at_least: int
    hold: timedelta
    silent_after: timedelta
    low: float
    high: float
    areas: tuple[Area, ...]
    stuck_after: timedelta | None = None
    stuck_within: float = 0.0
    falling: bool = False
    facts: Mapping[str, object] = {}


class Level(Struct, frozen=True, kw_only=True):
    """One step of an alert, lowest first; the playbook's words for how grave it is win over a source's.

    `rise` and `fall` are a watch's thresholds with hysteresis; `of` are the severities of reported incidents that mean this
    level; `targets` are "channel/target" names.
    """

    name: str
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    responses: tuple[str, ...]
    targets: tuple[str, ...]
    duration: timedelta
    rise: float | None = None
    fall: float | None = None
    of: tuple[Severity, ...] = ()


class PreAuthorised(Struct, frozen=True, kw_only=True):
    """A declared exception from the two-person rule: this source alone, for no more ground than this."""

    source: str
    most_km2: float


class Playbook(Struct, frozen=True, kw_only=True):
    """The plan for one hazard (and, where it watches sensors, for one place)."""

    id: str
    hazard: str
    title: Mapping[str, str]
    levels: tuple[Level, ...]
    debounce: timedelta
    watch: Watch | None = None
    pre_authorised: PreAuthorised | None = None
    line_buffer_m: float = 0.0
    growth_m: float = 100.0
    growth_share: float = 0.10
    effect: str | None = None
    facts: Mapping[str, object] = {}

    def level(self, name: str) -> Level:
        """Return a level by its name; raises KeyError."""
        return {level.name: level for level in self.levels}[name]

    def level_of(self, severity: Severity) -> Level | None:
        """Return the level a reported severity means, or None where the plan has none for it."""
        return next((level for level in self.levels if severity in level.of), None)

    def higher(self, name: str, than: str) -> bool:
        """Tell whether one level stands above another."""
        order = [level.name for level in self.levels]
        return order.index(name) > order.index(than)
