"""Road and platform signs: at most two short lines a language, over a signed webhook to whoever runs the signs."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from gateway.alert import Kind, Version
from gateway.channel import Abilities, History, Out, Outcome, Part, Payload
from gateway.channels import ChannelSettings, addressed

MEDIA_TYPE = "application/json"
CLASS = "sign"


class Board(Struct, frozen=True, kw_only=True):
    """What a sign is to show until `until`; no lines mean that the message is taken down."""

    schema: str
    alert: str
    version: int
    status: str
    until: str
    lines: Mapping[str, Sequence[str]]


class Signs(Struct, frozen=True):
    """Sign controllers that take a Board by POST."""

    name: str
    settings: ChannelSettings

    @property
    def abilities(self) -> Abilities:
        """A sign shows the newest version only, and must be cleared when it expires."""
        return self.settings.abilities(History.LATEST, clears=True, classes=[CLASS])

    @property
    def targets(self) -> tuple[str, ...]:
        """The configured controllers."""
        return tuple(self.settings.targets)

    def render(self, version: Version) -> Sequence[Payload]:
        """Return for every sign meant what it shows and what clears it; what is over, or no longer meant, is cleared at once."""
        meant = addressed(self, version.targets, version)
        dropped = addressed(self, version.withdrawn, version)
        live = version.kind in (Kind.ALERT, Kind.UPDATE)
        told = [self._payload(target, Part.MESSAGE, version, lit=live) for target in meant]
        cleared = [self._payload(target, Part.CLEAR, version, lit=False) for target in meant if live]
        return [*told, *cleared, *(self._payload(target, Part.MESSAGE, version, lit=False) for target in dropped)]

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Post the frozen bytes once, signed."""
        return await self.settings.post_signed(payload, delivery, out)

    def _payload(self, target: str, part: Part, version: Version, *, lit: bool) -> Payload:
        shown = {text.language: text.classes[CLASS].split("\n") for text in version.texts if lit and CLASS in text.classes}
        board = Board(
            schema="1",
            alert=version.alert,
            version=version.number,
            status=version.status,
            until=version.expires.isoformat(),
            lines=shown,
        )
        body = msgspec.json.encode(board, order="sorted")
        return Payload(channel=self.name, target=target, part=part, body=body, media_type=MEDIA_TYPE)


def channel(name: str, settings: ChannelSettings) -> Signs:
    """Return a channel to signs; raises BadInput where a controller has no usable secret."""
    return Signs(name, settings.signing())
