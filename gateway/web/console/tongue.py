"""The console's own words in its reader's language: English, and every catalogue `console.po` of translations/."""

import gettext
import io
from functools import cache

from aiohttp import web
from babel.messages import mofile, pofile

from gateway import shipped

ENGLISH = "en"
FILE = "console.po"


class Tongue:
    """One language of the console."""

    def __init__(self, language: str, catalogue: gettext.NullTranslations) -> None:
        """Speak by this catalogue; what it lacks is said in English."""
        self.language = language
        self.gettext = catalogue.gettext
        self.ngettext = catalogue.ngettext


def tongue(request: web.Request) -> Tongue:
    """Return the first language of the browser that the console speaks, else English."""
    known = tongues()
    for wanted in request.headers.get("Accept-Language", "").lower().split(","):
        tag = wanted.partition(";")[0].strip().partition("-")[0]
        if tag in known:
            return known[tag]
    return known[ENGLISH]


@cache
def tongues() -> dict[str, Tongue]:
    """Return every language of the console by its tag."""
    found = {ENGLISH: Tongue(ENGLISH, gettext.NullTranslations())}
    for file in sorted(shipped.folder("translations").glob(f"*/{FILE}")):
        found[file.parent.name] = Tongue(file.parent.name, _read(file.read_bytes()))
    return found


def _read(raw: bytes) -> gettext.GNUTranslations:
    compiled = io.BytesIO()
    mofile.write_mo(compiled, pofile.read_po(io.BytesIO(raw)))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
