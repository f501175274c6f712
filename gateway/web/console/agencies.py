"""Other agencies' alerts beside our own: what each says, where, until when, and that nobody has verified it."""

from collections.abc import Sequence
from datetime import datetime

from aiohttp import web
from msgspec import Struct

from gateway.access import Actor, may_read
from gateway.fault import Missing
from gateway.formats.cap import Info
from gateway.journal.records import Heard
from gateway.policy.foreign import name
from gateway.web.cap import readable
from gateway.web.console.front import ROOT, Front
from gateway.web.console.ground import ground
from gateway.web.console.tongue import tongue
from gateway.words import languages

ALL = f"{ROOT}/agencies"
ONE = f"{ALL}/{{id}}"
MOST_NAMED = 50


class Told(Struct, frozen=True):
    """One message, with the text a reader understands best, None where it has none, and where it stands."""

    heard: Heard
    text: Info | None
    standing: str

    @property
    def id(self) -> str:
        """Its name in our record."""
        return self.heard.foreign.id

    @property
    def sender(self) -> str:
        """Who speaks, by the name that the text gives."""
        return (self.text.sender_name if self.text else "") or self.heard.foreign.message.sender

    @property
    def event(self) -> str:
        """What it is about; without any text, its identifier."""
        return self.text.event if self.text and self.text.event else self.heard.foreign.message.identifier

    @property
    def where(self) -> str:
        """The descriptions of its areas."""
        return ", ".join(one.description for one in self.text.areas if one.description) if self.text else ""


class Agencies:
    """`/console/agencies`."""

    def __init__(self, front: Front) -> None:
        """Show the record."""
        self._front = front

    def routes(self) -> list[web.RouteDef]:
        """Return where it stands."""
        return [web.get(ALL, self.list), web.get(ONE, self.show)]

    async def list(self, request: web.Request) -> web.Response:
        """List everything that other agencies said, the latest first."""
        actor = await self._front.actor(request)
        found = shown(self._front, request, actor, await self._front.journal.heard())
        return self._front.pages.page(request, "agencies.html", actor, agencies=found)

    async def show(self, request: web.Request) -> web.Response:
        """Show one message in every language, with a map and its document."""
        actor = await self._front.actor(request)
        heard = await readable(self._front.journal, request.match_info["id"], actor)
        [one] = shown(self._front, request, actor, [heard])
        title, city = self._front.pages.words(request)("Map of where it is about"), self._front.gateway.plan.desk.city
        drawn = self._front.drawing(request).foreign(ground(heard.foreign.message, city), title=title)
        followed = await self._followed(heard)
        return self._front.pages.page(request, "agency.html", actor, one=one, followed=followed, map=drawn)

    async def _followed(self, heard: Heard) -> Sequence[tuple[str, Heard | None]]:
        """Return the first messages it refers to, by their identifiers; None where one never came."""
        named = heard.foreign.message.references[:MOST_NAMED]
        return [(one.identifier, await self._find(name(one))) for one in named]

    async def _find(self, id: str) -> Heard | None:
        try:
            return await self._front.journal.heard_one(id)
        except Missing:
            return None


async def live(front: Front, request: web.Request, actor: Actor) -> Sequence[Told]:
    """Return what other agencies say now, as far as this reader may read it."""
    return shown(front, request, actor, await front.journal.heard(front.gateway.now()))


def shown(front: Front, request: web.Request, actor: Actor, found: Sequence[Heard]) -> Sequence[Told]:
    """Return messages with the text in the reader's language, else in that of the city, else the first."""
    wanted, now = (tongue(request).language, *front.pages.town.languages), front.gateway.now()
    readable_ones = (one for one in found if may_read(actor, one.foreign.message.scope))
    return [Told(one, text_for(one.foreign.message.infos, wanted), standing(one, now)) for one in readable_ones]


def text_for(infos: Sequence[Info], wanted: Sequence[str]) -> Info | None:
    """Return the first text in the first of the wanted languages that there is, else the first of all."""
    by_language = {info.language: info for info in reversed(infos)}
    served = (languages.find(tag, by_language) for tag in wanted)
    return next((by_language[tag] for tag in served if tag), infos[0] if infos else None)


def standing(one: Heard, now: datetime) -> str:
    """Return where a message stands: live, or why it is not."""
    said = one.foreign.message
    if said.status in ("Test", "System"):
        return said.status.lower()
    if said.msg_type not in ("Alert", "Update"):
        return said.msg_type.lower()
    if one.later:
        return "cancelled" if any(later.msg_type == "Cancel" for later in one.later) else "superseded"
    return "live" if one.live(now) else "over"
