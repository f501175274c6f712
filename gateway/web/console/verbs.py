"""What people may do to an alert, as its page's forms ask for it; a second click on the same button does no more."""

from collections.abc import Awaitable, Callable, Mapping

from gateway.access import Actor, Role
from gateway.alert import Deed, Kind, Version
from gateway.engine import Changes, Gateway
from gateway.engine.standing import draft_of
from gateway.fault import BadInput, Conflict, Fault
from gateway.incident import Scope
from gateway.journal.records import AlertRecord
from gateway.web.console.forms import changes
from gateway.web.console.given import Filled

MANY = 10_000
WHY = "say why, for the record"
_LEAVES = {"submit": Deed.SUBMITTED, "approve": Deed.APPROVED, "reject": Deed.REJECTED}
_DRAFTS = {"update": Kind.UPDATE, "end": Kind.END}

Verb = Callable[[str, Filled, Actor], Awaitable[object]]


class Verbs:
    """Hands forms to the gateway; `known` is each verb with the roles that may use it."""

    def __init__(self, gateway: Gateway) -> None:
        """Work on this gateway's alerts."""
        self._gateway = gateway
        self.known: Mapping[str, tuple[Verb, tuple[Role, ...]]] = {
            "edit": (self.edit, (Role.OPERATOR,)),
            "submit": (self.submit, (Role.OPERATOR,)),
            "approve": (self.approve, (Role.APPROVER,)),
            "reject": (self.reject, (Role.OPERATOR, Role.APPROVER)),
            "update": (self.update, (Role.OPERATOR,)),
            "end": (self.end, (Role.OPERATOR,)),
            "cancel": (self.cancel, (Role.OPERATOR, Role.APPROVER)),
        }

    async def edit(self, id: str, form: Filled, actor: Actor) -> int:
        """Change what differs from the draft as it is now, and return the revision that the person has seen by then."""
        desk = self._gateway.plan.desk
        version = draft_of(await self._gateway.journal.alert(id)).version
        wanted, seen = changes(form, version, desk.city, desk.timezone), form.whole("revision")
        return seen if wanted == Changes() else (await self._gateway.edit(id, seen, wanted, actor)).revision

    async def submit(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        """Save what was written, then freeze it."""
        is_whole = bool(form.text("expires"))
        seen = await self.edit(id, form, actor) if is_whole else form.whole("revision")
        return await self._gateway.submit(id, seen, actor, confirm=bool(form.text("confirm")))

    async def approve(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        """Issue what was read; where many people are told, their area's name has to be typed."""
        if not form.text("read"):
            hint = "read every language, then tick the box"
            raise BadInput("not-read", "you have not said that you read it", path="/read", hint=hint)
        number, glass = form.whole("version"), form.text("break_glass")
        waiting = (await self._gateway.journal.alert(id)).open
        if waiting is not None and must_type(waiting.version) and not _typed(form.text("area"), waiting.version):
            raise BadInput("area-not-typed", "the area's name is another", path="/area", hint="type it as it stands there")
        return await self._gateway.approve(id, number, form.text("hash"), actor, break_glass=glass)

    async def reject(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        """Put the open version away."""
        return await self._gateway.reject(id, form.whole("version"), form.needed("reason", WHY), actor)

    async def update(self, id: str, _: Filled, actor: Actor) -> AlertRecord:
        """Draft an update."""
        return await self._gateway.update(id, actor)

    async def end(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        """Draft the all clear."""
        return await self._gateway.end(id, form.needed("reason", WHY), actor)

    async def cancel(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        """Take back what was issued in error."""
        return await self._gateway.cancel(id, form.needed("reason", "say what was wrong"), actor)

    async def done_before(self, verb: str, id: str, form: Filled, actor: Actor, fault: Fault) -> bool:
        """Tell whether a conflict only means that the same person's earlier click did it already."""
        if not isinstance(fault, Conflict):
            return False
        record = await self._gateway.journal.alert(id)
        seen = form.text("hash")
        mine = {(act.number, act.deed) for act in record.acts if act.actor == actor.name and seen in ("", act.hash)}
        if verb in _LEAVES:
            return (form.whole("version"), _LEAVES[verb]) in mine
        if verb in _DRAFTS:
            drafted = record.open.version if record.open else None
            return drafted is not None and drafted.kind is _DRAFTS[verb] and (drafted.number, Deed.DRAFTED) in mine
        last = record.newest_issued.version if verb == "cancel" and record.newest_issued else None
        return last is not None and last.kind is Kind.CANCEL and (last.number, Deed.DRAFTED) in mine


def must_type(version: Version) -> bool:
    """Tell whether so many are told that ticking a box is too easy; people who were not counted may be many."""
    many = version.people is None or version.people >= MANY
    return many and version.scope is Scope.PUBLIC and bool(version.places)


def _typed(given: str, version: Version) -> bool:
    return given.casefold() in {name.strip().casefold() for name in version.places[0].name.values()}
