"""The ways out that we push to: one file per kind, found by being there."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Self, cast
from urllib.parse import urlsplit

from msgspec import Struct, structs

from gateway.alert import Kind, Target, Version
from gateway.channel import Abilities, Channel, History, Out, Outcome, Payload
from gateway.config import Mode
from gateway.fault import BadInput, Refused
from gateway.formats.svg import Backdrop
from gateway.incident import Status
from gateway.out import Peer, Peers, Secret, signed, signing_key

__all__ = ["MAILED", "POSTED", "ChannelSettings", "Maker", "Mode", "TargetSettings", "addressed", "carries", "find", "withdrawal"]

POSTED = frozenset({"http", "https"})
MAILED = frozenset({"smtp", "smtps"})


class TargetSettings(Struct, frozen=True, kw_only=True):
    """One configured peer of a channel; `private` and `plain` mean what they mean for `gateway.out.Peer`.

    `settings` are what the kind needs to know of this one.
    """

    url: str
    secret: Secret | None = None
    private: bool = False
    plain: bool = False
    settings: Mapping[str, object] = {}


class ChannelSettings(Struct, frozen=True, kw_only=True):
    """What a channel instance is built from.

    `accepts` are the worlds whose messages it may carry; `now` is aware and runs like the far sides' clocks; `settings` are the
    kind's own; `backdrop` is the city's map, for kinds that send one.
    """

    targets: Mapping[str, TargetSettings]
    accepts: frozenset[Status]
    mode: Mode
    now: Callable[[], datetime]
    settings: Mapping[str, object] = {}
    backdrop: Backdrop = Backdrop(zones=())

    def __post_init__(self) -> None:
        """Refuse settings by which a drill could tell the public; raises BadInput("accepts-*")."""
        if not self.accepts:
            raise BadInput("accepts-nothing", "a channel that accepts nothing carries nothing", hint="name the worlds it carries")
        if self.mode is Mode.EXERCISE and Status.ACTUAL in self.accepts:
            raise BadInput("accepts-actual", "an exercise deployment carries nothing actual", hint='set accepts = ["exercise"]')

    def abilities(self, history: History, *, clears: bool, classes: Iterable[str] = ()) -> Abilities:
        """Return what a channel with these settings can do."""
        return Abilities(history=history, clears=clears, accepts=self.accepts, classes=frozenset(classes))

    def over(self, schemes: frozenset[str]) -> Self:
        """Return these settings if every target is spoken to in one of these schemes; raises BadInput("url-*")."""
        for name, peer in zip(self.targets, self.peers(), strict=True):
            # Refuses what the door out would refuse at the first alert
            Peers([peer])
            if (scheme := urlsplit(peer.url).scheme) not in schemes:
                message, hint = f"{scheme}:// does not reach the target {name!r}", f"write {'://, '.join(sorted(schemes))}://"
                raise BadInput("url-scheme", message, hint=hint)
        return self

    def signing(self) -> Self:
        """Return these settings if every target takes posts and has a usable secret.

        Raises BadInput("url-*", "webhook-secret-missing", "secret-...").
        """
        for target in self.targets.values():
            signing_key(_secret(target))
        return self.over(POSTED)

    async def post_signed(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Post frozen bytes once, signed as Standard Webhooks says; the signature is made for this try."""
        subscriber = self.targets[payload.target]
        headers = signed(_secret(subscriber), delivery, payload.body, self.now())
        return await out.post(subscriber.url, payload.body, media_type=payload.media_type, headers=headers)

    def peers(self) -> tuple[Peer, ...]:
        """Return the URLs that the door out must allow for this channel."""
        return tuple(Peer(url=to.url, private=to.private, plain=to.plain) for to in self.targets.values())


def _secret(target: TargetSettings) -> Secret:
    if target.secret is None:
        raise BadInput("webhook-secret-missing", "what we post here is always signed", hint="give the target a secret")
    return target.secret


Maker = Callable[[str, ChannelSettings], Channel]


def find() -> Mapping[str, Maker]:
    """Return the maker of every kind of channel; the kind is the name of its file, and the maker is its `channel`."""
    kinds = sorted(found.name for found in pkgutil.iter_modules(__path__))
    return {kind: cast("Maker", importlib.import_module(f"{__name__}.{kind}").channel) for kind in kinds}


def carries(channel: Channel, status: Status) -> bool:
    """Tell whether a channel may carry messages of this world; everybody who hands it a payload asks here first."""
    return status in channel.abilities.accepts


def addressed(channel: Channel, targets: Iterable[Target], version: Version) -> tuple[str, ...]:
    """Return which of these targets are the channel's own; raises Refused("world") where it may not carry the version."""
    ours = tuple(to.target for to in targets if to.channel == channel.name)
    if unknown := [target for target in ours if target not in channel.targets]:
        raise BadInput("target-unknown", f"{channel.name} has no target {unknown[0]!r}", hint="configure it, or do not name it")
    if ours and not carries(channel, version.status):
        message = f"{channel.name} does not carry {version.status} messages"
        raise Refused("world", message, hint="name a channel whose settings accept this world")
    return ours


def withdrawal(version: Version) -> Version:
    """Return the Cancel for peers that an update no longer means.

    It is a document of its own, so its identifier is the version's with `.w`; it references the alert's earlier messages, and
    its texts name the event alone, for the version's words still warn.
    """
    texts = tuple(structs.replace(text, headline=text.event, description="", instruction="", short="") for text in version.texts)
    identifier = f"{version.identifier}.w"
    return structs.replace(version, kind=Kind.CANCEL, identifier=identifier, texts=texts, targets=version.withdrawn)
