"""Signed webhooks to apps and partners: the alert as JSON, newest version only, taken back when it expires."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from gateway.alert import Kind, Version
from gateway.channel import Abilities, History, Out, Outcome, Part, Payload
from gateway.channels import ChannelSettings, addressed
from gateway.formats import app


class Webhooks(Struct, frozen=True):
    """Subscribers that take `schemas/alert.schema.json` by POST, signed as Standard Webhooks says."""

    name: str
    settings: ChannelSettings

    @property
    def abilities(self) -> Abilities:
        """A subscriber needs the newest version only, and must be told when it expires."""
        return self.settings.abilities(History.LATEST, clears=True)

    @property
    def targets(self) -> tuple[str, ...]:
        """The configured subscribers."""
        return tuple(self.settings.targets)

    def render(self, version: Version) -> Sequence[Payload]:
        """Return for every subscriber meant the alert and what clears it, and a cancel for those no longer meant."""
        meant = addressed(self, version.targets, version)
        dropped = addressed(self, version.withdrawn, version)
        told = [self._payload(target, part, body) for part, body in _parts(version) for target in meant]
        return [*told, *(self._payload(target, Part.MESSAGE, app.write(version, app.Form.CANCEL)) for target in dropped)]

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Post the frozen bytes once, signed."""
        return await self.settings.post_signed(payload, delivery, out)

    def _payload(self, target: str, part: Part, body: bytes) -> Payload:
        return Payload(channel=self.name, target=target, part=part, body=body, media_type=app.MEDIA_TYPE)


def channel(name: str, settings: ChannelSettings) -> Webhooks:
    """Return a channel to webhooks; raises BadInput where a subscriber has no usable secret."""
    return Webhooks(name, settings.signing())


def _parts(version: Version) -> Iterator[tuple[Part, bytes]]:
    yield Part.MESSAGE, app.write(version)
    if version.kind in (Kind.ALERT, Kind.UPDATE):
        yield Part.CLEAR, app.write(version, app.Form.EXPIRED)
