"""The operators' verbs over HTTP; what each may do is the engine's to say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web
from msgspec import Struct

from gateway.access import Actor, Role
from gateway.area import Area
from gateway.doors import text
from gateway.engine import Changes, Gateway
from gateway.fault import BadInput, Missing
from gateway.journal.contract import Journal
from gateway.journal.records import AlertRecord, VersionRecord
from gateway.source import named, read_incident
from gateway.web import views
from gateway.web.auth import Gate
from gateway.web.body import Empty, body_of, document_of
from gateway.web.errors import answer

MOST = 1000
MOST_SHOWN = 200
LONGEST_REASON = 500


class Edit(Struct, frozen=True):
    """What an operator changes in the draft read at `revision`."""

    revision: int
    texts: Mapping[str, Mapping[str, str]] = {}
    areas: tuple[Area, ...] | None = None
    expires: datetime | None = None
    targets: tuple[str, ...] | None = None
    left_out: tuple[str, ...] | None = None

    def changes(self) -> Changes:
        """Return the edit as the engine takes it, every wording passed through the text door."""
        texts = {language: _cleaned(language, words) for language, words in self.texts.items()}
        areas = tuple(named(area, f"/areas/{number}") for number, area in enumerate(self.areas or ())) or None
        return Changes(texts=texts, areas=areas, expires=self.expires, targets=self.targets, left_out=self.left_out)


class Submission(Struct, frozen=True):
    """The draft as read; `confirm` says that a similar alert is knowingly another."""

    revision: int
    confirm: bool = False


class Approval(Struct, frozen=True):
    """The version and hash that were seen; `break_glass` is the reason for doing without a second person."""

    version: int
    hash: str
    break_glass: str = ""


class Rejection(Struct, frozen=True):
    """The version that is not to go out, and why."""

    version: int
    reason: str


class Reason(Struct, frozen=True):
    """Why."""

    reason: str


class Alerts:
    """`/v1/alerts`."""

    def __init__(self, gateway: Gateway, journal: Journal, gate: Gate) -> None:
        """Show the record and hand every verb to the gateway."""
        self._gateway = gateway
        self._journal = journal
        self._gate = gate

    def routes(self) -> list[web.RouteDef]:
        """Return where the verbs stand."""
        one = "/v1/alerts/{id}"
        verbs = (self.submit, self.approve, self.reject, self.update, self.end, self.cancel)
        return [
            web.get("/v1/alerts", self.list),
            web.post("/v1/alerts", self.create),
            web.get(one, self.show),
            web.patch(one, self.edit),
            web.get(f"{one}/payloads", self.payloads),
            web.get(f"{one}/preview-cancel", self.preview_cancel),
            *(web.post(f"{one}/{verb.__name__}", verb) for verb in verbs),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Return alerts, newest first; `most` says how many."""
        await self._gate.actor(request, Role.VIEWER)
        records = await self._journal.alerts(most=_number(request, "most", MOST_SHOWN))
        return answer({"alerts": [self._shown(record) for record in records]})

    async def create(self, request: web.Request) -> web.Response:
        """Draft an alert by hand from an incident."""
        actor = await self._gate.actor(request, Role.OPERATOR)
        incident = read_incident(await document_of(request))
        record = await self._gateway.create(incident, actor)
        return answer(self._shown(record), status=201, headers={"Location": f"/v1/alerts/{record.id}"})

    async def show(self, request: web.Request) -> web.Response:
        """Return one alert."""
        await self._gate.actor(request, Role.VIEWER)
        return answer(self._shown(await self._gateway.view(_id(request))))

    async def edit(self, request: web.Request) -> web.Response:
        """Change the open draft."""
        actor = await self._gate.actor(request, Role.OPERATOR)
        edit = await body_of(request, "edit", Edit)
        return self._done(await self._gateway.edit(_id(request), edit.revision, edit.changes(), actor))

    async def submit(self, request: web.Request) -> web.Response:
        """Freeze the open draft for approval."""
        actor = await self._gate.actor(request, Role.OPERATOR)
        body = await body_of(request, "submit", Submission)
        return self._done(await self._gateway.submit(_id(request), body.revision, actor, confirm=body.confirm))

    async def approve(self, request: web.Request) -> web.Response:
        """Issue exactly what was seen."""
        actor = await self._gate.actor(request, Role.APPROVER)
        body = await body_of(request, "approve", Approval)
        glass = text.clean(body.break_glass, most=LONGEST_REASON, path="/break_glass").strip()
        return self._done(await self._gateway.approve(_id(request), body.version, body.hash, actor, break_glass=glass))

    async def reject(self, request: web.Request) -> web.Response:
        """Put the open version away."""
        actor = await self._gate.actor(request, Role.OPERATOR, Role.APPROVER)
        body = await body_of(request, "reject", Rejection)
        return self._done(await self._gateway.reject(_id(request), body.version, _reason(body.reason), actor))

    async def update(self, request: web.Request) -> web.Response:
        """Draft an update from the newest facts."""
        actor = await self._gate.actor(request, Role.OPERATOR)
        await body_of(request, "empty", Empty)
        return self._done(await self._gateway.update(_id(request), actor))

    async def end(self, request: web.Request) -> web.Response:
        """Draft the all clear."""
        actor, reason = await self._with_reason(request, Role.OPERATOR)
        return self._done(await self._gateway.end(_id(request), reason, actor))

    async def cancel(self, request: web.Request) -> web.Response:
        """Take back what was issued in error, at once."""
        actor, reason = await self._with_reason(request, Role.OPERATOR, Role.APPROVER)
        return self._done(await self._gateway.cancel(_id(request), reason, actor))

    async def preview_cancel(self, request: web.Request) -> web.Response:
        """Return the cancel as it would be sent now."""
        await self._gate.actor(request, Role.VIEWER)
        return answer(views.content(await self._gateway.preview_cancel(_id(request))))

    async def payloads(self, request: web.Request) -> web.Response:
        """Return the exact bytes of a submitted version; raises Missing where none was submitted."""
        await self._gate.actor(request, Role.VIEWER)
        record = await self._journal.alert(_id(request))
        one = _submitted(record, _number(request, "version", 0))
        return answer(views.payloads(record, one, await self._journal.frozen(record.id, one.version.number)))

    async def _with_reason(self, request: web.Request, *roles: Role) -> tuple[Actor, str]:
        actor = await self._gate.actor(request, *roles)
        return actor, _reason((await body_of(request, "reason", Reason)).reason)

    def _done(self, record: AlertRecord) -> web.Response:
        return answer(self._shown(record))

    def _shown(self, record: AlertRecord) -> dict[str, Any]:
        return views.alert(record, self._gateway.now())


def _id(request: web.Request) -> str:
    return request.match_info["id"]


def _number(request: web.Request, name: str, default: int) -> int:
    given = request.query.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:5]) <= MOST):
        message, hint = f"{given!r} is not a number from 1 to {MOST}", f"leave {name} out, or mend it"
        raise BadInput(f"parameter-{name}", message, path=f"?{name}", hint=hint)
    return int(given)


def _submitted(record: AlertRecord, number: int) -> VersionRecord:
    """Return that version, or the newest submitted one for 0; raises Missing."""
    found = [one for one in record.versions if one.hash and number in (0, one.version.number)]
    if not found:
        raise Missing("version-missing", f"alert {record.id} has no such submitted version", hint="submit the draft first")
    return found[-1]


def _reason(given: str) -> str:
    reason = text.clean(given, most=LONGEST_REASON, path="/reason").strip()
    if not reason:
        raise BadInput("reason-missing", "the reason is blank", path="/reason", hint="say why, for the record")
    return reason


def _cleaned(language: str, words: Mapping[str, str]) -> dict[str, str]:
    return {field: text.clean(word, path=f"/texts/{language}/{field}") for field, word in words.items()}
