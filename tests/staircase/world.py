"""A whole gateway between scripted sources, people and far sides; every step of a schedule is a method of the same name.

What a step must bring about is worked out beside the gateway: from what was done, and from the lane table alone.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from gateway.access import Actor, Grant
from gateway.alert import Deed, Kind
from gateway.engine import Changes, Gateway
from gateway.fault import Fault
from gateway.incident import Incident
from gateway.journal import audit
from gateway.journal.contract import Journal
from gateway.journal.records import AlertRecord, TodoKind, VersionState
from gateway.source import Raw
from tests.samples import incident
from tests.staircase.deeds import Deeds
from tests.staircase.far_side import Answer, FarSide
from tests.staircase.lane_table import Rows
from tests.staircase.node import Node, clocks, plan
from tests.staircase.quakes import QUAKES, Quakes
from tests.staircase.reports import Fire, observation
from tests.staircase.roads import Roads
from tests.staircase.shown import Shown

DEBOUNCE_S = 120.0
BOTH = frozenset({"operator", "approver"})
PEOPLE = {
    "kim": Actor("kim", BOTH),
    "lee": Actor("lee", BOTH),
    "mia": Actor("mia", frozenset({"approver"})),
    "vic": Actor("vic", frozenset({"viewer"})),
}
OPERATORS = ("kim", "lee")
EDITS = {
    "words": Changes(texts={"en": {"headline": "[EXERCISE] Leave the riverside now"}}),
    "no app": Changes(targets=("cap/broadcaster",)),
    "no centre": Changes(targets=("webhook/city-app",)),
    "everybody": Changes(targets=("cap/broadcaster", "webhook/city-app")),
}

GLASS = "nobody else is here"
ALONE = ("a",)

Step = tuple[object, ...]
Opening = Callable[[str], Awaitable[Journal]]
"""Opens the record for the node of this name."""
Verb = Callable[[str, Actor], Awaitable[AlertRecord]]


class World:
    """One story from a fresh record to rest; every step is done by the node that has its turn."""

    def __init__(self, opening: Opening, met: Rows, names: Sequence[str] = ALONE) -> None:
        """Let nodes of these names share a record, and count in `met` which rows of the lane table were needed."""
        clocks.begin()
        self.nodes: dict[str, Node] = {}
        self._opening, self._names, self._turn = opening, names, names[0]
        self.far, self.fire, self.quakes = FarSide(), Fire(), Quakes()
        self.deeds, self.roads, self.shown = Deeds(), Roads(met), Shown()
        self.calls = self.letters = 0

    async def live(self, schedule: Sequence[Step]) -> int:
        """Take every step of a schedule, come to rest, and return how many steps were held to what they had to bring about.

        Raises AssertionError as soon as something is not as it must be.
        """
        held = 0
        try:
            for node in self._names:
                await self._start(node)
            for name, *given in schedule:
                await getattr(self, str(name))(*given)
                await self._check()
                held += 1
            await self._come_to_rest()
        finally:
            for one in self.nodes.values():
                await one.die()
        return held

    @property
    def node(self) -> Node:
        """The node that has its turn."""
        return self.nodes[self._turn]

    @property
    def journal(self) -> Journal:
        """The record, as this node has it open."""
        return self.node.journal

    @property
    def gateway(self) -> Gateway:
        """The gateway of this node."""
        return self.node.gateway

    async def at(self, turn: int) -> None:
        """Let another node do what follows."""
        self._turn = self._names[turn % len(self._names)]

    # What comes in

    async def report(self, how: str) -> None:
        """Let the fire service say something; see `Fire.says`."""
        again = how == "again" and self.letters > 0
        self.letters += not again
        letter = self.fire.says(how, clocks.story)
        raw = Raw(source="fire", media_type="application/json", body=letter.body, received_at=clocks.story)
        receipt = await self.gateway.receive(raw, f"letter-{self.letters}", Grant(source="fire"))
        assert receipt.again == again
        said = receipt.items[0]
        assert (said.accepted, said.applied, said.episode) == (True, letter.applied, letter.episode), f"{how}: {said}"
        known = await self.journal.heads([("fire", "f1")])
        assert self.fire.agrees(known.get(("fire", "f1"))), "what is known of the fire is not what was reported last"

    async def measure(self, metres: float) -> None:
        """Let the river stand at a level for longer than the playbook asks."""
        for _ in range(2):
            clocks.story += timedelta(seconds=31)
            body = observation(metres, clocks.story)
            raw = Raw(source="river-telemetry", media_type="application/json", body=body, received_at=clocks.story)
            assert (await self.gateway.receive(raw, None, Grant(source="river-telemetry"))).items[0].accepted

    async def quake(self) -> None:
        """Let the national feed tell of an earthquake."""
        raw = Raw(source=QUAKES, media_type="application/json", body=self.quakes.says(clocks.story), received_at=clocks.story)
        assert (await self.gateway.receive(raw, None, Grant(source=QUAKES))).items[0].accepted

    async def create(self, who: str, when: str = "") -> None:
        """Let somebody raise an alert by hand, perhaps "meanwhile": as the gateway drafts what it owes."""
        self.calls += 1
        call = _call(f"call-{self.calls}")
        meanwhile = [self._draft_due()] if when == "meanwhile" else []
        drafting = asyncio.gather(*meanwhile)
        code = await _tried(self.gateway.create(call, PEOPLE[who]))
        await drafting
        self.fire.news = self.fire.news and not meanwhile
        _expect(code, {"role-missing": who not in OPERATORS})
        about = [record for record in await self.journal.alerts() if call.id in _incidents(record)]
        assert len(about) == (code == ""), f"{len(about)} alerts tell of one call"
        for record in about:
            self.deeds.touch(record.id, 1, who)

    # Drafts

    async def draft(self) -> None:
        """Let the gateway draft what it owes: nothing that a person has touched, nothing below what a person has stopped."""
        before = await self.journal.alerts()
        clocks.real += 0 if self.far.flying else 60
        await self._draft_due()
        after = await self.journal.alerts()
        self.deeds.untouched(before, after)
        self._drafted(sum(_tells(self.fire, before).values()), sum(_tells(self.fire, after).values()), after)

    async def edit(self, which: int, who: str, what: str) -> None:
        """Let somebody change a draft."""
        if record := await self._pick(which):
            code = await _tried(self.gateway.edit(record.id, record.revision, EDITS[what], PEOPLE[who]))
            _expect(code, {"role-missing": who not in OPERATORS, **_not_a_draft(record)})
            if not code:
                self.deeds.touch(record.id, _number(record), who)

    async def submit(self, which: int, who: str, read: str = "now") -> None:
        """Let somebody submit a draft, as it was read now or "before"."""
        if record := await self._pick(which):
            stale = read == "before"
            code = await _tried(self.gateway.submit(record.id, record.revision - stale, PEOPLE[who], confirm=True))
            _expect(code, {"role-missing": who not in OPERATORS, "stale": stale, **_not_a_draft(record), **_unfit(record)})
            if not code:
                await self._submitted(record, who)

    async def submit_while_edited(self, which: int) -> None:
        """Let Lee submit a draft at the moment when Kim changes it: one of them comes too late."""
        record = await self._pick(which)
        if record is None or record.open is None or record.open.state is not VersionState.OPEN or any(_unfit(record).values()):
            return
        editing = self.gateway.edit(record.id, record.revision, EDITS["words"], PEOPLE["kim"])
        submitting = self.gateway.submit(record.id, record.revision, PEOPLE["lee"], confirm=True)
        edited, submitted = await asyncio.gather(_tried(editing), _tried(submitting))
        assert sorted((edited, submitted)) in (["", "stale"], ["", "frozen"])
        if submitted:
            self.deeds.touch(record.id, _number(record), "kim")
        else:
            await self._submitted(record, "lee")

    # What people decide

    async def approve(self, which: int, who: str, how: str) -> None:
        """Let somebody approve: what waits ("right", or alone through the "glass"), another "hash", or another "version"."""
        if record := await self._pick(which):
            number, hash = _number(record) + (how == "version"), "0" * 64 if how == "hash" else self.deeds.hash(record)
            glass = GLASS if how == "glass" else ""
            code = await _tried(self.gateway.approve(record.id, number, hash, PEOPLE[who], break_glass=glass))
            wrong = self._not_to_approve(record, number, hash, who)
            _expect(code, {**wrong, "two-people": wrong["two-people"] and not glass})
            if not code:
                self.deeds.approve(record.id, number, hash, who, glass)

    async def approve_twice(self, which: int) -> None:
        """Let Lee and Mia approve the same version at the same moment: it is issued once."""
        if record := await self._pick(which):
            number, hash, both = _number(record), self.deeds.hash(record), ("lee", "mia")
            verbs = (self.gateway.approve(record.id, number, hash, PEOPLE[who]) for who in both)
            codes = dict(zip(both, await asyncio.gather(*map(_tried, verbs)), strict=True))
            wrong = {who: self._not_to_approve(record, number, hash, who) for who in both}
            able = [who for who in both if not any(wrong[who].values())]
            done = [who for who in both if not codes[who]]
            assert len(done) == (len(able) > 0), f"{done} approved, {able} might"
            for who in done:
                assert who in able
                self.deeds.approve(record.id, number, hash, who)

    async def reject(self, which: int, who: str) -> None:
        """Let somebody put a draft away."""
        if record := await self._pick(which):
            code = await _tried(self.gateway.reject(record.id, _number(record), "no", PEOPLE[who]))
            _expect(code, {"role-missing": who == "vic", "not-open": record.open is None})

    async def update(self, which: int, who: str) -> None:
        """Let somebody draft an update by hand."""
        await self._follow(which, who, self.gateway.update)

    async def end(self, which: int, who: str) -> None:
        """Let somebody draft the all clear."""
        await self._follow(which, who, lambda alert, actor: self.gateway.end(alert, "over", actor))

    async def cancel(self, which: int, who: str, reason: str) -> None:
        """Let one person take an alert back."""
        if record := await self._pick(which):
            live = self.deeds.live(record.id, clocks.story)
            code = await _tried(self.gateway.cancel(record.id, reason, PEOPLE[who]))
            _expect(code, {"role-missing": who == "vic", "not-live": not live, "reason-missing": not reason})
            if not code:
                self.deeds.cancel(record.id)

    async def tell(self, which: int, what: str) -> None:
        """Bring one more version to the public, as Kim and Lee do it together: an edited one, or the "end"."""
        record = await self._pick(which)
        if record is None or not (record.open or self.deeds.live(record.id, clocks.story)):
            await self.create("kim")
            which = 0
        elif record.open is None:
            await (self.end if what == "end" else self.update)(which, "kim")
        if what != "end":
            await self.edit(which, "kim", what)
        await self.submit(which, "kim")
        await self.approve(which, "lee", "right")

    # What machines and time do

    async def carry(self, centre: Answer, app: Answer) -> None:
        """Let the courier carry what is due; each far side answers in its own way."""
        self.far.manner = {"broadcaster": centre, "city-app": app}
        due, before = self.roads.due(clocks.story, clocks.real), len(self.far.attempts)
        task = asyncio.create_task(self.node.courier.round())
        self.node.rounds.add(task)
        while not task.done() and len(self.far.attempts) == before:  # noqa: ASYNC110 - the round is not ours to signal
            await asyncio.sleep(0)
        await self._rest(task)
        self.roads.went(due, self.far.attempts[before:], clocks.story, clocks.real, self._turn)
        for attempt in self.far.attempts[before:]:
            self.deeds.promised(attempt)

    async def land(self, target: str, answer: Answer) -> None:
        """Let what is held at a far side come to its end."""
        for attempt in self.far.flying:
            if attempt.target == target and attempt.landing:
                attempt.landing.set_result(answer)
                self.roads.landed(attempt, answer.verdict, clocks.real)
        await self._rest()

    async def wait(self, seconds: float) -> None:
        """Let time pass; while a try is held only in the story, for no try outlives its lease."""
        clocks.story += timedelta(seconds=seconds)
        clocks.real += 0 if self.far.flying else seconds

    async def expire(self) -> None:
        """Let the gateway take off the air what is over."""
        due = self.deeds.over(clocks.story)
        assert await self.gateway.expire_due() == len(due), "not what is over"
        for alert in due:
            assert (await self.journal.alert(alert)).open is None, "a draft outlived its alert"
            self.deeds.expired.add(alert)
            self.roads.expire(alert, clocks.story, clocks.real)

    async def tick(self) -> None:
        """Let time pass for the watches, which may find the gauge silent."""
        await self.gateway.tick()

    async def beat(self) -> None:
        """Publish anew when the publication is old."""
        await self.journal.heartbeat(clocks.story, 30.0)

    async def crash(self) -> None:
        """Let the node die with whatever it has in flight, and start again."""
        await self.node.die()
        self.roads.lost(clocks.real, self._turn)
        await self._start(self._turn)

    async def crash_before_sending(self) -> None:
        """Let the node die between the claim and the first byte, and start again."""
        due = self.roads.due(clocks.story, clocks.real)
        errands = await self.node.courier._claim()
        self.roads.claimed(due, (errand.claimed for errand in errands), self._turn)
        await self.crash()

    # The harness

    async def _draft_due(self) -> None:
        before = await self.journal.alerts()
        await self.gateway.draft_due()
        self.quakes.drafted(before, await self.journal.alerts(), self.deeds, clocks.story)

    async def _start(self, name: str) -> None:
        journal = await self._opening(name)
        await journal.recover()
        self.nodes[name] = Node(name, journal, self.far)

    async def _check(self) -> None:
        for told in await self.deeds.issued(self.journal, clocks.story):
            self.roads.issue(told, clocks.real)
        self.roads.compare(await self.journal.deliveries())
        await self.shown.look(plan().feeds, self.journal, clocks.now, self.deeds)

    async def _come_to_rest(self) -> None:
        """Draft what is owed and accept whatever still goes; then everything due was told or has an end of its own."""
        for target in ("broadcaster", "city-app"):
            await self.land(target, Answer.ACCEPTED)
        await self.wait(DEBOUNCE_S)
        await self.draft()
        await self._check()
        self._up_to_date(await self.journal.alerts())
        while self.roads.unfinished:
            clocks.real += 30.0
            await self.carry(Answer.ACCEPTED, Answer.ACCEPTED)
            await self._check()
        pages = await self.journal.take(TodoKind.PAGE, 1000, 1.0)
        assert self.deeds.paged <= {page.subject for page in pages}, "something was done that not everybody is told"
        await self.journal.seal(clocks.story)
        entries = await self.journal.audit(most=100_000)
        assert audit.verify(entries) is None

    async def _rest(self, task: "asyncio.Task[int] | None" = None) -> None:
        """Wait until nothing is under way but what is held."""
        while not (task and task.done()):
            states = [one.state.value for one in await self.journal.deliveries()]
            if states.count("sending") == len(self.far.flying):
                break
        for node in self.nodes.values():
            for done in [one for one in node.rounds if one.done()]:
                node.rounds.discard(done)
                await done

    async def _pick(self, which: int) -> AlertRecord | None:
        known = await self.journal.alerts()
        return known[which % len(known)] if known else None

    async def _follow(self, which: int, who: str, verb: Verb) -> None:
        if record := await self._pick(which):
            live = self.deeds.live(record.id, clocks.story)
            code = await _tried(verb(record.id, PEOPLE[who]))
            wrong = {"role-missing": who not in OPERATORS, "not-live": not live, "open-version": record.open is not None}
            _expect(code, wrong)
            if not code:
                self.deeds.touch(record.id, record.versions[-1].version.number + 1, who)

    async def _submitted(self, record: AlertRecord, who: str) -> None:
        self.deeds.touch(record.id, _number(record), who)
        await self.deeds.see(self.journal, record.id, _number(record))

    def _not_to_approve(self, record: AlertRecord, number: int, hash: str, who: str) -> Mapping[str, bool]:
        waiting = record.open
        return {
            "role-missing": who == "vic",
            "not-open": waiting is None or waiting.version.number != number,
            "not-submitted": waiting is not None and waiting.state is not VersionState.FROZEN,
            "hash": hash != self.deeds.hash(record),
            "two-people": who in self.deeds.hands[record.id, number],
            "expires-past": waiting is not None and waiting.version.expires <= clocks.story,
        }

    def _drafted(self, before: int, after: int, records: Sequence[AlertRecord]) -> None:
        """What a person stopped is drafted again only when it gets worse, and then it is."""
        above = self.fire.above(self.deeds.stopped(self.fire.key))
        assert after == before or above, f"drafted again at {self.fire.level}"
        told = any(self.deeds.live(record.id, clocks.story) or record.open for record in records if _tells(self.fire, [record]))
        assert told or not (self.fire.news and self.fire.open and above), "worse than what was stopped, and nobody drafted it"
        self.fire.news = False

    def _up_to_date(self, records: Sequence[AlertRecord]) -> None:
        """Nobody goes on being told yesterday's level, or that it is over, without a draft that says how it is."""
        if not self.fire.open:
            return
        ours = [record for record in records if _tells(self.fire, [record])]
        last = next((record.newest_issued.version for record in ours if record.newest_issued), None)
        if last is None or any(record.open for record in ours) or last.expires <= clocks.story:
            return
        if last.kind in (Kind.ALERT, Kind.UPDATE):
            assert last.level == self.fire.level, "people are told what is no longer so"
        elif not any(act.deed in (Deed.REJECTED, Deed.VOIDED) for record in ours for act in record.acts):
            assert not self.fire.above(last.level), "people are told that it is over, and it has got worse"


async def _tried(verb: Awaitable[object]) -> str:
    try:
        await verb
    except Fault as fault:
        return fault.code
    return ""


def _expect(code: str, wrong: Mapping[str, bool]) -> None:
    """What is wrong is refused for one of the reasons there are; what is right is done."""
    reasons = [reason for reason, holds in wrong.items() if holds]
    assert code in (reasons or [""]), f"{code or 'done'}, but {reasons or 'nothing'} was wrong"


def _not_a_draft(record: AlertRecord) -> Mapping[str, bool]:
    return {
        "not-open": record.open is None,
        "frozen": record.open is not None and record.open.state is VersionState.FROZEN,
    }


def _unfit(record: AlertRecord) -> Mapping[str, bool]:
    return {"expires-past": record.open is not None and record.open.version.expires <= clocks.story}


def _number(record: AlertRecord) -> int:
    return record.open.version.number if record.open else record.versions[-1].version.number


def _incidents(record: AlertRecord) -> set[str]:
    return {one.version.incident.id for one in record.versions if one.version.incident}


def _tells(fire: Fire, records: Sequence[AlertRecord]) -> Counter[str]:
    """Count the alerts there are about a fire as it burns now."""
    return Counter(record.id for record in records if any(one.version.incident == fire.key for one in record.versions))


def _call(id: str) -> Incident:
    watch = plan().playbooks["river-flood"].watch
    assert watch is not None
    return incident(source="call-centre", id=id, hazard="hazardous-material", onset=clocks.story, areas=watch.areas)
