"""How a page comes to be: one template, the reader's language, the city's clock, and headers that let nothing foreign in."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct

from gateway.access import Actor
from gateway.fault import NOT_KNOWN, Fault, Unavailable
from gateway.web.console.refusals import plain
from gateway.web.console.said import WORDS
from gateway.web.console.sent import remark
from gateway.web.console.tongue import Tongue, tongue
from gateway.web.errors import TooMany
from gateway.web.sessions import LASTING, Lasting, form_token

HERE = Path(__file__).parent
STATIC = "/console/static/"
HTML = "text/html"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Town(Struct, frozen=True, kw_only=True):
    """What every page says about the deployment it belongs to; `names` by language, `secure` where it is reached by https.

    `lasting` is how long people stay signed in.
    """

    names: Mapping[str, str]
    live: bool
    timezone: str
    languages: tuple[str, ...]
    secure: bool
    lasting: Lasting = LASTING

    @property
    def idle_min(self) -> int:
        """After how many minutes without anybody there a session ends."""
        return round(self.lasting.idle.total_seconds() / 60)


class Pages:
    """Renders the console's templates."""

    def __init__(self, town: Town, now: Callable[[], datetime]) -> None:
        """Speak for this deployment, at the story's time."""
        self.town = town
        self.now = now
        self._zone = ZoneInfo(town.timezone)

    def page(self, request: web.Request, name: str, actor: Actor | None, *, status: int = 200, **known: Any) -> web.Response:
        """Return a whole page for who is signed in; a `token` may be that of a session that only begins with this answer."""
        text = self.part(request, name, actor=actor, **known)
        return web.Response(text=text, status=status, content_type=HTML, charset="utf-8", headers=HEADERS)

    def part(self, request: web.Request, name: str, **known: Any) -> str:
        """Return a template's text alone, such as the part of a page that follows events."""
        spoken = tongue(request)
        return self._templates.get_template(name).render(
            _=spoken.gettext,
            ngettext=spoken.ngettext,
            language=spoken.language,
            town=self.town,
            now=self.now(),
            here=request.path,
            since=self._since(spoken),
            say=self._say(spoken),
            plain=lambda code, message: plain(code, message, spoken.gettext),
            remark=lambda note: remark(note, spoken.gettext),
            **{"token": form_token(request)} | known,
        )

    def words(self, request: web.Request) -> Callable[[str], str]:
        """Return what turns our words into those of a page's reader."""
        return tongue(request).gettext

    @cached_property
    def _templates(self) -> Environment:
        made = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters |= {"clock": self._clock, "local": self._local, "drawn": Markup, "direction": direction, "segment": segment}
        made.filters |= {"figure": "{:,}".format, "refusal": refusal, "not_known": not_known}
        made.globals["static"] = _addressed
        return made

    def _clock(self, at: datetime) -> str:
        """Say a time of the city's day, with the date where it is another day."""
        local, today = at.astimezone(self._zone), self.now().astimezone(self._zone).date()
        return local.strftime("%H:%M:%S" if local.date() == today else "%Y-%m-%d %H:%M:%S")

    def _local(self, at: datetime) -> str:
        """Write a time as an input of the type datetime-local has it."""
        return at.astimezone(self._zone).strftime("%Y-%m-%dT%H:%M")

    def _since(self, spoken: Tongue) -> Callable[[datetime], str]:
        """Say how long ago a time was, or how long until it comes, in whole minutes."""

        def said(at: datetime) -> str:
            _ = spoken.gettext
            minutes = round((at - self.now()).total_seconds() / 60)
            words = _("in {time}") if minutes >= 0 else _("{time} ago")
            hours, rest = divmod(abs(minutes), 60)
            lasting = _("{hours} h {minutes} min") if hours else _("{minutes} min")
            return words.format(time=lasting.format(hours=hours, minutes=rest))

        return said

    def _say(self, spoken: Tongue) -> Callable[[str, object], str]:
        """Say in words what the record knows by an identifier; a name without words of ours stays as it is."""

        def said(kind: str, value: object) -> str:
            return spoken.gettext(WORDS[kind][str(value)]) if str(value) in WORDS[kind] else str(value)

        return said


def segment(text: str) -> str:
    """Write a text as one segment of an address."""
    return quote(text, safe="")


def refusal(fault: Fault) -> str:
    """Return by which name our words for a refusal are found: its code, or "unavailable" where nothing can be done at all."""
    told_apart = isinstance(fault, TooMany) or not_known(fault)
    return "unavailable" if isinstance(fault, Unavailable) and not told_apart else fault.code


def not_known(fault: Fault) -> bool:
    """Tell whether it may have been done all the same."""
    return fault.code in NOT_KNOWN


def direction(language: str) -> str:
    """Return in which direction a language is written."""
    return "rtl" if language.partition("-")[0] in ("ar", "ur", "fa", "he") else "ltr"


def _addressed(name: str) -> str:
    """Return the address of a static file; it changes with the bytes, so that it may be kept for ever."""
    return f"{STATIC}{name}?{hashlib.sha256((HERE / 'static' / name).read_bytes()).hexdigest()[:12]}"
