"""The situation: what waits for a decision, what people are told now, and what the gateway cannot do by itself."""

from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web
from msgspec import Struct

from gateway.access import Actor, Role
from gateway.alert import Act, Deed, Stage
from gateway.engine.standing import standing
from gateway.journal.records import AlertRecord, Person, VersionState
from gateway.web.console import agencies, live
from gateway.web.console.front import ROOT, Front

MOST_PAST = 10
MAKING = frozenset({Deed.DRAFTED, Deed.EDITED, Deed.SUBMITTED})


class Waiting(Struct, frozen=True):
    """An alert that waits for approval: the act that submitted it, and who may approve."""

    record: AlertRecord
    submitted: Act
    may: tuple[str, ...]


class Situation:
    """`/console`."""

    def __init__(self, front: Front) -> None:
        """Show the record."""
        self._front = front

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.get(ROOT, self.show), web.get(f"{ROOT}/events", self.events)]

    async def show(self, request: web.Request) -> web.Response:
        """Show everything on one page."""
        actor = await self._front.actor(request)
        return self._front.pages.page(request, "situation.html", actor, **(await self._known(request, actor)))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send the lists again whenever something in them changes."""
        await self._front.actor(request, present=False)

        async def now() -> str:
            actor = await self._front.actor(request, present=False)
            return self._front.pages.part(request, "situation-lists.html", actor=actor, **await self._known(request, actor))

        return await live.stream(request, now)

    async def _known(self, request: web.Request, actor: Actor) -> dict[str, Any]:
        journal, gateway, now = self._front.journal, self._front.gateway, self._front.gateway.now()
        _ = self._front.pages.words(request)
        records, people = await journal.alerts(), await journal.people()
        told = [record for record in records if standing(record, now) is Stage.ISSUED]
        past = [record for record in records if record.open is None and standing(record, now) is not Stage.ISSUED]
        issued = [one.version for record in told if (one := record.newest_issued)]
        return {
            "waiting": [_waiting(record, people) for record in _open(records, VersionState.FROZEN)],
            "drafts": list(_open(records, VersionState.OPEN)),
            "told": told,
            "past": past[:MOST_PAST],
            "agencies": await agencies.live(self._front, request, actor),
            "incidents": await journal.incidents(),
            "refused": await journal.quarantine() if Role.OPERATOR in actor.roles else (),
            "failures": await journal.failures(),
            "troubles": gateway.troubles.now(),
            "playbooks": gateway.plan.playbooks,
            "map": self._front.drawing(request).city(issued, title=_("Map of what people are told now")),
        }


def makers(record: AlertRecord, number: int) -> set[str]:
    """Return who made a version, so that somebody else has to approve it."""
    return {act.actor for act in record.acts if act.number == number and act.deed in MAKING}


def may_approve(record: AlertRecord, number: int, people: Sequence[Person]) -> tuple[str, ...]:
    """Return the approvers who had no hand in a version, by name."""
    busy = makers(record, number)
    return tuple(one.name for one in people if Role.APPROVER in one.roles and not one.disabled and one.name not in busy)


def _waiting(record: AlertRecord, people: Sequence[Person]) -> Waiting:
    number = record.open.version.number if record.open else 0
    submitted = next(act for act in reversed(record.acts) if act.number == number and act.deed is Deed.SUBMITTED)
    return Waiting(record, submitted, may_approve(record, number, people))


def _open(records: Iterable[AlertRecord], state: VersionState) -> Iterable[AlertRecord]:
    return (record for record in records if record.open is not None and record.open.state is state)
