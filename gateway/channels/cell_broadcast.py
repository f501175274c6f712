"""Cell broadcast, handed over to a broadcast centre: encoded pages, the cells that serve the area, and how long to repeat."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from gateway.alert import Kind, Version
from gateway.channel import Abilities, History, Out, Outcome, Part, Payload
from gateway.channels import ChannelSettings, addressed
from gateway.fault import BadInput
from gateway.formats.cell_broadcast.plan import Message, Plan, message, plan

MEDIA_TYPE = "application/json"
PERIOD_S = 30


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a centre is to do: `broadcast` these pages in these cells until `until`, replacing earlier serials, or `stop` them.

    Numbers are those of the air interface (TS 23.041 section 9.4.1.2), pages 164 hexadecimal digits, `period_s` seconds.
    """

    schema: str
    action: str
    alert: str
    version: int
    status: str
    messages: Sequence[Message]
    cells: Sequence[str]
    until: str
    period_s: int = 0


class Broadcasts(Struct, frozen=True):
    """Broadcast centres that take an Order by POST."""

    name: str
    settings: ChannelSettings
    plan: Plan

    @property
    def abilities(self) -> Abilities:
        """Phones keep the newest version by its serial number; what is on air must be stopped when it expires."""
        return self.settings.abilities(History.LATEST, clears=True, classes=self.plan.classes)

    @property
    def targets(self) -> tuple[str, ...]:
        """The configured centres."""
        return tuple(self.settings.targets)

    def render(self, version: Version) -> Sequence[Payload]:
        """Return for every centre meant what it broadcasts and what stops it, and a stop for those no longer meant.

        Raises BadInput("broadcast-nowhere") where no cell serves the area, or a person has yet to say that it is the right one.
        """
        meant = addressed(self, version.targets, version)
        dropped = addressed(self, version.withdrawn, version)
        if meant and not version.cells:
            hint = "draw the area, or leave the broadcast out"
            raise BadInput("broadcast-nowhere", "no cell is known to serve this area", path="/areas", hint=hint)
        told = [self._payload(target, Part.MESSAGE, version, "broadcast") for target in meant]
        ends = version.kind in (Kind.ALERT, Kind.UPDATE)
        cleared = [self._payload(target, Part.CLEAR, version, "stop") for target in meant if ends]
        return [*told, *cleared, *(self._payload(target, Part.MESSAGE, version, "stop") for target in dropped)]

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Post the frozen order once, signed."""
        return await self.settings.post_signed(payload, delivery, out)

    def _payload(self, target: str, part: Part, version: Version, action: str) -> Payload:
        order = Order(
            schema="1",
            action=action,
            alert=version.alert,
            version=version.number,
            status=version.status,
            messages=[message(version, self.plan)],
            cells=version.cells,
            until=version.expires.isoformat(),
            period_s=PERIOD_S if action == "broadcast" else 0,
        )
        body = msgspec.json.encode(order, order="sorted")
        return Payload(channel=self.name, target=target, part=part, body=body, media_type=MEDIA_TYPE)


def channel(name: str, settings: ChannelSettings) -> Broadcasts:
    """Return a channel to broadcast centres by a country's plan; raises BadInput("country-missing", "country-unknown")."""
    country = settings.settings.get("country")
    if not isinstance(country, str):
        message = "the plan of which country?"
        raise BadInput("country-missing", message, hint='add settings = { country = "KR" } to the channel')
    return Broadcasts(name, settings.signing(), plan(country))
