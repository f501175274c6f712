"""CAP over HTTP to a broadcast centre: signed-for documents, one chain per peer, nothing skipped."""

from collections.abc import Sequence

from msgspec import Struct

from gateway.alert import Version
from gateway.channel import Abilities, History, Out, Outcome, Payload
from gateway.channels import POSTED, ChannelSettings, addressed, withdrawal
from gateway.formats import cap


class CapPeers(Struct, frozen=True):
    """Peers that take a CAP 1.2 document by POST and know a document by its sender, identifier and sent."""

    name: str
    settings: ChannelSettings

    @property
    def abilities(self) -> Abilities:
        """Peers keep the whole chain, and let an alert expire by themselves."""
        return self.settings.abilities(History.CHAIN, clears=False)

    @property
    def targets(self) -> tuple[str, ...]:
        """The configured peers."""
        return tuple(self.settings.targets)

    def render(self, version: Version) -> Sequence[Payload]:
        """Return the same document for every peer meant, and a Cancel for those that are no longer meant."""
        meant = addressed(self, version.targets, version)
        dropped = addressed(self, version.withdrawn, version)
        return [*self._payloads(meant, version), *self._payloads(dropped, withdrawal(version))]

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Post the document once."""
        peer = self.settings.targets[payload.target]
        headers = {"Idempotency-Key": delivery}
        if peer.secret is not None:
            headers["Authorization"] = f"Bearer {peer.secret.reveal()}"
        return await out.post(peer.url, payload.body, media_type=payload.media_type, headers=headers)

    def _payloads(self, targets: Sequence[str], version: Version) -> list[Payload]:
        body = cap.write(version) if targets else b""
        return [Payload(channel=self.name, target=target, body=body, media_type=cap.MEDIA_TYPE) for target in targets]


def channel(name: str, settings: ChannelSettings) -> CapPeers:
    """Return a channel to CAP peers; raises BadInput("url-*")."""
    return CapPeers(name, settings.over(POSTED))
