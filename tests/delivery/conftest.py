"""A city's record, two channels and their far sides: everything real, only the two clocks are ours to move."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.alert import Act, Deed, Kind, Reference, Target, Version
from gateway.channel import Channel, Out, Part
from gateway.channels import ChannelSettings, Mode, TargetSettings, cap, webhook
from gateway.delivery import Courier
from gateway.demo.receivers import Receiver
from gateway.formats import cap as document
from gateway.incident import Status
from gateway.journal.records import Consignment, Delivery, DeliveryState, Draft, Issue, Priority, Submit
from gateway.journal.sqlite import SqliteJournal
from gateway.out import HttpOut, Peer, Peers, Secret
from tests import samples
from tests.samples import KOREAN

KEY = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
START = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)


class Scene:
    """What a test of the courier moves: `story` and `real` are the clocks, `cap_peer` and `app` the far sides."""

    def __init__(self, journal: SqliteJournal, path: Path, cap_peer: Receiver, app: Receiver) -> None:
        """Configure one CAP peer and one webhook."""
        self.journal, self.path, self.cap_peer, self.app = journal, path, cap_peer, app
        self.story, self.real = START, 1000.0
        self.out: Out = HttpOut(Peers([]))
        self.accepts = frozenset({Status.EXERCISE})
        self.channels: dict[str, Channel] = {}

    def open_door(self) -> None:
        """Configure the channels for where the far sides listen."""
        far = {"centre": self.cap_peer, "app": self.app}
        settings = {
            name: ChannelSettings(
                targets={"only": TargetSettings(url=peer.url, secret=KEY, private=True)},
                accepts=self.accepts,
                mode=Mode.EXERCISE,
                now=self.wall,
            )
            for name, peer in far.items()
        }
        self.channels = {"centre": cap.channel("centre", settings["centre"]), "app": webhook.channel("app", settings["app"])}
        peers: list[Peer] = [peer for one in settings.values() for peer in one.peers()]
        self.out = HttpOut(Peers(peers), deadline_s=2.0)

    @staticmethod
    def wall() -> datetime:
        """Return the time of this machine, which the far sides share."""
        return datetime.now(UTC)

    def courier(self, **limits: Any) -> Courier:
        """Return a courier whose retries are never jittered."""
        return Courier(
            self.journal,
            self.channels,
            self.out,
            lambda: self.story,
            luck=lambda: 0.0,
            real=lambda: self.real,
            **limits,
        )

    def running_courier(self, **limits: Any) -> Courier:
        """Return a courier that measures by this machine's clock, as the one in service does."""
        return Courier(self.journal, self.channels, self.out, lambda: self.story, luck=lambda: 0.0, **limits)

    async def issue(
        self,
        alert: str,
        kind: Kind = Kind.ALERT,
        *,
        status: Status = Status.EXERCISE,
        lasts: timedelta = timedelta(hours=3),
        priority: Priority = Priority.URGENT,
    ) -> Version:
        """Draft, submit and issue the next version of an alert to all far sides."""
        version = await self._version(alert, kind, status, lasts)
        revision = await self._frozen(version)
        consignments = tuple(self._consignments(version, priority))
        await self.journal.issue(
            Issue(
                alert=alert,
                number=version.number,
                hash="h",
                expected=revision,
                at=self.story,
                acts=(self._act(version, Deed.ISSUED),),
                consignments=consignments,
                feeds=(),
                document=document.write(version),
            )
        )
        return version

    async def states(self, alert: str) -> dict[tuple[str, int], DeliveryState]:
        """Return the state of each message of an alert by channel and version number."""
        return {(one.target.channel, one.number): one.state for one in await self.messages(alert)}

    async def messages(self, alert: str | None = None) -> list[Delivery]:
        """Return the deliveries that are no clear."""
        return [one for one in await self.journal.deliveries(alert) if one.part is Part.MESSAGE]

    async def _frozen(self, version: Version) -> int:
        drafted = await self.journal.draft(
            Draft(
                version=version, expected=await self._revision(version), acts=(self._act(version, Deed.DRAFTED),), at=self.story
            )
        )
        payloads = tuple(payload for channel in self.channels.values() for payload in channel.render(version))
        submit = Submit(version=version, hash="h", payloads=payloads, feeds=(), acts=(self._act(version, Deed.SUBMITTED),))
        return await self.journal.submit(submit, drafted)

    async def _revision(self, version: Version) -> int:
        return 0 if version.number == 1 else (await self.journal.alert(version.alert)).revision

    async def _version(self, alert: str, kind: Kind, status: Status, lasts: timedelta) -> Version:
        told = [] if kind is Kind.ALERT else [one.version for one in (await self.journal.alert(alert)).versions]
        return samples.version(
            alert=alert,
            number=len(told) + 1,
            kind=kind,
            status=status,
            texts=(KOREAN,),
            targets=tuple(Target(channel.name, target) for channel in self.channels.values() for target in channel.targets),
            onset=START,
            effective=self.story,
            expires=self.story + lasts,
            identifier=f"{alert}.{len(told) + 1}",
            references=tuple(
                Reference(sender="alerts@hanbat.example", identifier=one.identifier, sent="2026-07-14T18:20:00+09:00")
                for one in told
            ),
        )

    def _consignments(self, version: Version, priority: Priority) -> list[Consignment]:
        return [
            Consignment(
                payload=msgspec.structs.replace(payload, body=document.stamp(payload.body, self.story))
                if payload.media_type == document.MEDIA_TYPE
                else payload,
                history=channel.abilities.history,
                priority=Priority.CANCEL if version.kind is Kind.CANCEL else priority,
                deadline=version.expires + (timedelta(hours=24) if version.kind is Kind.CANCEL else timedelta()),
            )
            for channel in self.channels.values()
            for payload in channel.render(version)
        ]

    def _act(self, version: Version, deed: Deed) -> Act:
        return Act(number=version.number, deed=deed, actor="kim", at=self.story)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A fresh record with far sides that accept everything."""
    path = tmp_path / "journal.sqlite"
    async with Receiver(path="/cap") as cap_peer, Receiver(path="/hook") as app:
        journal = await SqliteJournal.open(path, real=lambda: found.real)
        found = Scene(journal, path, cap_peer, app)
        found.open_door()
        yield found
        if isinstance(found.out, HttpOut):
            await found.out.close()
        await journal.close()
