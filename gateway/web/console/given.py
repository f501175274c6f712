"""A form's fields as they were written: to read them, and to show them again when something is refused."""

from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from gateway.doors import text
from gateway.fault import BadInput, Refused
from gateway.web.sessions import form_token

LONGEST_REASON = 500
LONGEST_KEPT = 200_000
OURS = frozenset({"token", "password"})


class Given:
    """Fields as somebody wrote them, or as they are proposed; a name may have several values."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        """Hold on to names and values, in their order."""
        self.fields = tuple(fields)

    def __bool__(self) -> bool:
        """Tell whether anything was written at all."""
        return bool(self.fields)

    def get(self, name: str, blank: str = "") -> str:
        """Return the first value of a field, else what it is `blank`."""
        return next((value for field, value in self.fields if field == name), blank)

    def has(self, name: str, value: str) -> bool:
        """Tell whether a box of that name and value is ticked."""
        return (name, value) in self.fields


class Filled:
    """A form as it was sent; asking for a field says what is missing."""

    def __init__(self, form: Any) -> None:
        """Hold on to the fields."""
        self._form = form

    def text(self, name: str, *, most: int = LONGEST_REASON) -> str:
        """Return a clean text, "" where it was left blank."""
        written = str(self._form.get(name, "")).replace("\r\n", "\n")
        return text.clean(written, most=most, path=f"/{name}").strip()

    def secret(self, name: str) -> str:
        """Return a password exactly as it was typed."""
        return str(self._form.get(name, ""))

    def needed(self, name: str, hint: str) -> str:
        """Return a clean text; raises BadInput("field-missing")."""
        if not (found := self.text(name)):
            raise BadInput("field-missing", f"{name} is blank", path=f"/{name}", hint=hint)
        return found

    def whole(self, name: str) -> int:
        """Return a whole number that the page itself put there; raises BadInput("field-invalid")."""
        given = str(self._form.get(name, ""))
        if not (given.isascii() and given.isdigit() and len(given) < 18):
            raise BadInput("field-invalid", f"{name} is no number", path=f"/{name}", hint="load the page again")
        return int(given)

    def number(self, name: str) -> float:
        """Return a number; raises BadInput("field-invalid")."""
        given = str(self._form.get(name, "")).strip().replace(",", ".")
        try:
            return float(given)
        except ValueError:
            raise BadInput("field-invalid", f"{given[:20]!r} is no number", path=f"/{name}", hint="such as 36.35") from None

    def ticked(self, name: str) -> tuple[str, ...]:
        """Return the values of all boxes of that name that were ticked."""
        return tuple(str(value) for value in self._form.getall(name, []))

    def given(self) -> Given:
        """Return every field as it was written, to show it again; never a secret."""
        return kept(self._form)


async def filled(request: web.Request) -> Filled:
    """Return the form of a request that this session's own page sent; raises Refused("form-stale")."""
    form = await request.post()
    if form.get("token") != form_token(request):
        raise Refused("form-stale", "this form is not from your present session", hint="load the page again; nothing was done")
    return Filled(form)


def kept(form: Mapping[str, object]) -> Given:
    """Return what a person wrote in a form of any session; nothing where it is beyond reason."""
    fields = [(name, str(value)) for name, value in form.items() if name not in OURS]
    return Given(fields if sum(len(value) for _, value in fields) < LONGEST_KEPT else ())
