"""One alert: what it says and to whom, who has done what, and every verb a person may use on it."""

import base64
from collections.abc import Sequence

from aiohttp import web

from gateway.access import Actor, Role
from gateway.alert import Stage, stage
from gateway.channel import Payload
from gateway.engine.standing import standing
from gateway.fault import BadInput, Conflict, Fault, Missing
from gateway.journal.records import AlertRecord, VersionRecord, VersionState
from gateway.web.console import live
from gateway.web.console.forms import wording
from gateway.web.console.front import ROOT, Front, go
from gateway.web.console.given import Given, filled
from gateway.web.console.pages import HEADERS
from gateway.web.console.sent import sent
from gateway.web.console.situation import makers, may_approve
from gateway.web.console.verbs import Verbs, must_type
from gateway.web.errors import status

ONE = f"{ROOT}/alerts/{{id}}"
SHORT = 4000


class AlertPage:
    """`/console/alerts/{id}`."""

    def __init__(self, front: Front) -> None:
        """Show alerts and hand every verb to the gateway."""
        self._front = front
        self._verbs = Verbs(front.gateway)

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [
            web.get(ONE, self.show),
            web.get(f"{ONE}/deliveries", self.deliveries),
            web.get(f"{ONE}/cancel", self.ask_cancel),
            web.get(f"{ONE}/bytes/{{number:[0-9]{{1,4}}}}", self.exactly),
            web.post(f"{ONE}/{{verb:{'|'.join(self._verbs.known)}}}", self.act),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Show one alert."""
        return await self._shown(request, await self._front.actor(request))

    async def deliveries(self, request: web.Request) -> web.StreamResponse:
        """Send the table of deliveries again whenever something in it changes."""
        await self._front.actor(request, present=False)

        async def now() -> str:
            await self._front.actor(request, present=False)
            found = await self._front.journal.deliveries(request.match_info["id"])
            return self._front.pages.part(request, "deliveries.html", deliveries=sent(found))

        return await live.stream(request, now)

    async def exactly(self, request: web.Request) -> web.Response:
        """Return one payload of those that the alert's page lists, by its number there, as plain text; raises Missing."""
        await self._front.actor(request)
        record = await self._front.gateway.view(request.match_info["id"])
        payloads, number = await self._payloads(record, _shown(record)), int(request.match_info["number"])
        if not 0 < number <= len(payloads):
            raise Missing("missing", "nothing of that number goes out", hint="look at the alert")
        body = _readable(payloads[number - 1])["body"]
        return web.Response(text=body, content_type="text/plain", charset="utf-8", headers=HEADERS)

    async def ask_cancel(self, request: web.Request) -> web.Response:
        """Show the cancel as it would go out now, and ask for the reason."""
        actor = await self._front.actor(request, Role.OPERATOR, Role.APPROVER)
        id = request.match_info["id"]
        preview = await self._front.gateway.preview_cancel(id)
        return self._front.pages.page(request, "cancel.html", actor, id=id, preview=preview)

    async def act(self, request: web.Request) -> web.Response:
        """Do what a form asks, once; what is refused is said on the same page, with what was written still in it."""
        id, name = request.match_info["id"], request.match_info["verb"]
        verb, roles = self._verbs.known[name]
        actor = await self._front.actor(request, *roles)
        form = await filled(request)
        try:
            await verb(id, form, actor)
        except Fault as fault:
            if not await self._verbs.done_before(name, id, form, actor, fault):
                await self._front.noted(request, fault)
                return await self._shown(request, actor, fault, form.given())
        return go(f"{ROOT}/alerts/{id}")

    async def _shown(
        self, request: web.Request, actor: Actor, fault: Fault | None = None, given: Given | None = None
    ) -> web.Response:
        record = await self._front.gateway.view(request.match_info["id"])
        shown = _shown(record)
        _ = self._front.pages.words(request)
        known = {
            "record": record,
            "shown": shown,
            "version": shown.version,
            "stage": self._stage(record, shown),
            "is_told": standing(record, self._front.gateway.now()) is Stage.ISSUED,
            "long": SHORT,
            "payloads": [_readable(one) for one in await self._payloads(record, shown)],
            "deliveries": sent(await self._front.journal.deliveries(record.id)),
            "map": self._front.drawing(request).of(shown.version, title=_("Map of what the alert covers")),
            "made_by": makers(record, shown.version.number),
            "may": may_approve(record, shown.version.number, await self._front.journal.people()),
            "must_type": must_type(shown.version),
            "fault": fault,
            "given": given or Given(),
        }
        known |= self._choices(shown)
        return self._front.pages.page(request, "alert.html", actor, status=status(fault) if fault else 200, **known)

    def _choices(self, shown: VersionRecord) -> dict[str, object]:
        plan = self._front.gateway.plan
        return {
            "playbook": plan.playbooks.get(shown.version.playbook),
            "targets": [f"{name}/{target}" for name, channel in plan.channels.items() for target in channel.targets],
            "aimed": [f"{one.channel}/{one.target}" for one in shown.version.targets],
            "city": plan.desk.city,
            "languages": plan.desk.languages,
            "wording": {text.language: wording(text) for text in shown.version.texts},
        }

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


def _shown(record: AlertRecord) -> VersionRecord:
    return record.open or record.newest_issued or record.versions[-1]


def _readable(one: Payload) -> dict[str, str]:
    try:
        body = one.body.decode()
    except UnicodeDecodeError:
        body = base64.b64encode(one.body).decode()
    way = f"{one.channel}/{one.target}" if one.target else one.channel
    return {"way": way, "part": one.part, "media_type": one.media_type, "body": body}
