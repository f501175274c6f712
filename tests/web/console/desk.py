"""The console as people reach it: a real gateway on loopback, and visitors who read its pages and send its forms."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import lxml.html
from msgspec import Struct
from multidict import CIMultiDict

from gateway.journal.contract import Journal
from gateway.journal.sqlite import SqliteJournal
from gateway.web import Limits
from gateway.web.console import Town as Deployment
from gateway.web.sessions import Sessions
from tests.journal.samples import Real
from tests.web.town import Clock, Town, opened

EXERCISE = Deployment(
    names={"ko": "한밭시", "en": "Hanbat"}, live=False, timezone="Asia/Seoul", languages=("ko", "en"), secure=False
)
Fields = list[tuple[str, str]]


class Page(Struct, frozen=True):
    """What came back, read as a browser reads it."""

    status: int
    headers: CIMultiDict[str]
    text: str

    @property
    def root(self) -> lxml.html.HtmlElement:
        """Return the page's tree."""
        return lxml.html.document_fromstring(self.text)

    @property
    def said(self) -> str:
        """Return what can be read on it, in one line."""
        return " ".join(self.root.text_content().split())

    def form(self, action: str) -> Fields:
        """Return the fields that the form with this end of its address would send."""
        named = [one for one in self.root.forms if str(one.action).endswith(action)]
        buttons = self.root.xpath(f"//form[.//button[contains(@formaction, '{action}')]]")
        return [(str(name), str(value)) for name, value in (named or buttons)[0].form_values()]

    def links(self, part: str) -> list[str]:
        """Return the addresses of links that contain this."""
        return [href for href in self.root.xpath("//a/@href") if part in href]


class Visitor:
    """Somebody with a browser that runs no scripts."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        """Come to this gateway."""
        self.url = url
        self.session = session

    async def get(self, path: str, **headers: str) -> Page:
        """Load a page and follow where it sends us."""
        return await self._ask("GET", path, None, headers)

    async def post(self, path: str, fields: Fields | Mapping[str, str], *, follow: bool = True, **headers: str) -> Page:
        """Send a form."""
        pairs = list(fields.items()) if isinstance(fields, Mapping) else fields
        return await self._ask("POST", path, aiohttp.FormData(pairs), headers, follow=follow)

    async def send(self, page: Page, path: str, **changes: str) -> Page:
        """Fill in the form that goes to this address, `_` in a field's name for `.`, and send it."""
        wanted = {name.replace("__", "."): value for name, value in changes.items()}
        kept = [(name, value) for name, value in page.form(path) if name not in wanted]
        return await self.post(path, [*kept, *wanted.items()])

    async def _ask(
        self, method: str, path: str, data: aiohttp.FormData | None, headers: Mapping[str, str], *, follow: bool = True
    ) -> Page:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, self.url + path, data=data, headers=sent, allow_redirects=follow) as answer:
            return Page(answer.status, answer.headers.copy(), await answer.text())


class Desk(Struct):
    """The gateway, its sessions, and its visitors."""

    town: Town
    sessions: Sessions

    @asynccontextmanager
    async def stranger(self) -> AsyncIterator[Visitor]:
        """Let somebody come whom nobody knows."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            yield Visitor(self.town.url, session)

    @asynccontextmanager
    async def visitor(self, name: str) -> AsyncIterator[Visitor]:
        """Let somebody come and sign in by a link."""
        async with self.stranger() as visitor:
            link = f"/console/enter/{await self.sessions.link(name)}"
            page = await visitor.send(await visitor.get(link), link)
            assert page.status == 200, page.text
            yield visitor

    async def drafted(self, id: str = "call-1", **changes: object) -> str:
        """Return the address of a draft that Kim made over the API."""
        return f"/console/alerts/{(await self.town.draft(id, **changes))['id']}"


@asynccontextmanager
async def desk(journal: Journal, pages: Deployment = EXERCISE) -> AsyncIterator[Desk]:
    """Open a gateway with its console on a record."""
    async for town in opened(journal, Limits(), Clock(), pages):
        yield Desk(town, Sessions(journal, secure=False))


@asynccontextmanager
async def whole_desk(folder: Path, pages: Deployment = EXERCISE) -> AsyncIterator[Desk]:
    """Open a gateway with its console, and its record, in a folder."""
    journal = await SqliteJournal.open(folder / "journal.db", real=Real())
    try:
        async with desk(journal, pages) as opened_desk:
            yield opened_desk
    finally:
        await journal.close()
