"""One alert: what it says and to whom, who has done what, and every verb a person may use on it."""

import base64
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from gateway.access import Actor, Role
from gateway.alert import Deed, Stage, stage
from gateway.channel import Payload
from gateway.engine.standing import standing
from gateway.fault import BadInput, Conflict, Fault
from gateway.journal.records import AlertRecord, VersionRecord, VersionState
from gateway.web.console import live
from gateway.web.console.forms import FIELDS, Filled, changes, filled
from gateway.web.console.front import ROOT, Front, go
from gateway.web.drawing import Drawing
from gateway.web.errors import status

ONE = f"{ROOT}/alerts/{{id}}"
_MAKING = frozenset({Deed.DRAFTED, Deed.EDITED, Deed.SUBMITTED})

Verb = Callable[[str, Filled, Actor], Awaitable[AlertRecord]]


class AlertPage:
    """`/console/alerts/{id}`."""

    def __init__(self, front: Front, drawing: Drawing) -> None:
        """Show alerts and hand every verb to the gateway."""
        self._front = front
        self._drawing = drawing
        self._verbs: dict[str, tuple[Verb, tuple[Role, ...]]] = {
            "edit": (self._edit, (Role.OPERATOR,)),
            "submit": (self._submit, (Role.OPERATOR,)),
            "approve": (self._approve, (Role.APPROVER,)),
            "reject": (self._reject, (Role.OPERATOR, Role.APPROVER)),
            "update": (self._update, (Role.OPERATOR,)),
            "end": (self._end, (Role.OPERATOR,)),
            "cancel": (self._cancel, (Role.OPERATOR, Role.APPROVER)),
        }

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [
            web.get(ONE, self.show),
            web.get(f"{ONE}/deliveries", self.deliveries),
            web.get(f"{ONE}/cancel", self.ask_cancel),
            web.post(f"{ONE}/{{verb:{'|'.join(self._verbs)}}}", self.act),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Show one alert."""
        return await self._shown(request, await self._front.actor(request))

    async def deliveries(self, request: web.Request) -> web.StreamResponse:
        """Send the table of deliveries again whenever something in it changes."""
        await self._front.actor(request)

        async def now() -> str:
            await self._front.actor(request)
            found = await self._front.journal.deliveries(request.match_info["id"])
            return self._front.pages.part(request, "deliveries.html", deliveries=found)

        return await live.stream(request, now)

    async def ask_cancel(self, request: web.Request) -> web.Response:
        """Show the cancel as it would go out now, and ask for the reason."""
        actor = await self._front.actor(request, Role.OPERATOR, Role.APPROVER)
        id = request.match_info["id"]
        preview = await self._front.gateway.preview_cancel(id)
        return self._front.pages.page(request, "cancel.html", actor, id=id, preview=preview)

    async def act(self, request: web.Request) -> web.Response:
        """Do what a form asks; what is refused is said on the same page, with what was written still in it."""
        verb, roles = self._verbs[request.match_info["verb"]]
        actor = await self._front.actor(request, *roles)
        form = await filled(request)
        try:
            await verb(request.match_info["id"], form, actor)
        except Fault as fault:
            await self._front.noted(request, fault)
            return await self._shown(request, actor, fault, form)
        return go(f"{ROOT}/alerts/{request.match_info['id']}")

    async def _shown(
        self, request: web.Request, actor: Actor, fault: Fault | None = None, form: Filled | None = None
    ) -> web.Response:
        record = await self._front.gateway.view(request.match_info["id"])
        shown = record.open or record.newest_issued or record.versions[-1]
        known = {
            "record": record,
            "shown": shown,
            "version": shown.version,
            "stages": {one.version.number: self._stage(record, one) for one in record.versions},
            "is_told": standing(record, self._front.gateway.now()) is Stage.ISSUED,
            "payloads": [_readable(one) for one in await self._payloads(record, shown)],
            "deliveries": await self._front.journal.deliveries(record.id),
            "map": self._drawing.of([shown.version], whole=False),
            "made_by": sorted({a.actor for a in record.acts if a.number == shown.version.number and a.deed in _MAKING}),
            "playbook": self._front.gateway.plan.playbooks.get(shown.version.playbook),
            "choices": self._choices(),
            "aimed": [f"{one.channel}/{one.target}" for one in shown.version.targets],
            "fault": fault,
            "given": form.given() if form else {},
            "fields": FIELDS,
        }
        return self._front.pages.page(request, "alert.html", actor, status=status(fault) if fault else 200, **known)

    def _choices(self) -> dict[str, object]:
        plan = self._front.gateway.plan
        targets = [f"{name}/{target}" for name, channel in plan.channels.items() for target in channel.targets]
        return {"targets": targets, "zones": plan.desk.city.zones, "languages": plan.desk.languages}

    def _stage(self, record: AlertRecord, one: VersionRecord) -> Stage:
        told = record.newest_issued.version.number if record.newest_issued else 0
        return stage(one.version, record.acts, self._front.gateway.now(), newest_issued=told)

    async def _payloads(self, record: AlertRecord, shown: VersionRecord) -> Sequence[Payload]:
        """The exact bytes: those that were frozen, or those that would be if the draft were submitted now."""
        if shown.hash:
            payloads, feeds = await self._front.journal.frozen(record.id, shown.version.number)
            return [*payloads, *feeds]
        try:
            return await self._front.gateway.preview(record.id) if shown.state is VersionState.OPEN else ()
        except (BadInput, Conflict):
            return ()

    # The verbs

    async def _edit(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        desk = self._front.gateway.plan.desk
        wanted = changes(form, desk.languages, desk.timezone)
        return await self._front.gateway.edit(id, form.whole("revision"), wanted, actor)

    async def _submit(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        confirm = bool(form.text("confirm"))
        return await self._front.gateway.submit(id, form.whole("revision"), actor, confirm=confirm)

    async def _approve(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        if not form.text("read"):
            hint = "read every language, then tick the box"
            raise BadInput("not-read", "you have not said that you read it", path="/read", hint=hint)
        glass = form.text("break_glass")
        return await self._front.gateway.approve(id, form.whole("version"), form.text("hash"), actor, break_glass=glass)

    async def _reject(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        reason = form.needed("reason", "say why, for the record")
        return await self._front.gateway.reject(id, form.whole("version"), reason, actor)

    async def _update(self, id: str, _: Filled, actor: Actor) -> AlertRecord:
        return await self._front.gateway.update(id, actor)

    async def _end(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        return await self._front.gateway.end(id, form.needed("reason", "say why, for the record"), actor)

    async def _cancel(self, id: str, form: Filled, actor: Actor) -> AlertRecord:
        return await self._front.gateway.cancel(id, form.needed("reason", "say what was wrong"), actor)


def _readable(one: Payload) -> dict[str, str]:
    try:
        body = one.body.decode()
    except UnicodeDecodeError:
        body = base64.b64encode(one.body).decode()
    way = f"{one.channel}/{one.target}" if one.target else one.channel
    return {"way": way, "part": one.part, "media_type": one.media_type, "sha256": one.sha256, "body": body}
