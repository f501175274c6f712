"""Which phrases make a text, and in which order; read from `translations/templates.toml`."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from gateway.alert import Kind
from gateway.fault import BadInput, Faults, Finding
from gateway.hazard import SlotType
from gateway.incident import Status

FILE = "templates.toml"

Field = Literal["headline", "description", "instruction", "short"]
FIELDS: tuple[Field, ...] = ("headline", "description", "instruction", "short")
Roles = tuple[str, ...]

ENGLISH = "en/"

_BLANK = re.compile(r"\{\w*\}")
_BLANKS = {"{hazard}", "{level}", "{status}", "{response}", "{responses}"}

RESPONSES = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")


class Layout(Struct, frozen=True, forbid_unknown_fields=True):
    """The roles of each field of one form, in order, and what is tried when a field is too long."""

    headline: Roles
    description: Roles
    instruction: Roles
    short: Roles
    shorter: Mapping[Field, tuple[Roles, ...]] = {}

    def roles(self, field: Field) -> Roles:
        """Return the roles of a field, in order."""
        roles: Roles = getattr(self, field)
        return roles


class TextClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text of another length, for channels that ask for it by name.

    `most` is by language, of each line; a wide letter takes two `columns`. `lines` name what each line says. `promised` are
    the languages it is told in, where everything must fit; empty means all.
    """

    most: Mapping[str, int]
    lines: tuple[str, ...]
    columns: bool = False
    promised: tuple[str, ...] = ()


class Subject(Struct, frozen=True, kw_only=True):
    """What a text is about, as far as the choice of phrases goes; `slots` are the names of those that are filled."""

    hazard: str
    level: str
    responses: tuple[str, ...]
    slots: frozenset[str]
    status: Status = Status.ACTUAL


class Templates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it: lengths by language, the ladder, marks and notes by status, roles, forms, and the slots of phrases."""

    ladder: Roles
    lengths: Mapping[str, Mapping[str, int]]
    marks: Mapping[Status, str]
    notes: Mapping[Status, str]
    roles: Mapping[str, tuple[str, ...]]
    forms: Mapping[Kind, Layout]
    hazards: Mapping[str, Mapping[Kind, Mapping[Field, Roles]]]
    slots: Mapping[str, Mapping[str, SlotType]]
    classes: Mapping[str, TextClass] = {}
    says: Mapping[str, Mapping[Kind, tuple[Roles, ...]]] = {}
    spare: Roles = ()

    def layout(self, hazard: str, form: Kind) -> Layout:
        """Return a form's layout with the hazard's own order laid over it."""
        own = {str(field): roles for field, roles in self.hazards.get(hazard, {}).get(form, {}).items()}
        return msgspec.structs.replace(self.forms[form], **own)

    def most(self, field: str, language: str) -> int:
        """Return how many characters a field, or each line of a class of texts, may have in a language."""
        if field in self.classes:
            return self.classes[field].most.get(language, self.classes[field].most["any"])
        return self.lengths.get(language, {}).get(field, self.lengths["any"][field])

    def text_class(self, name: str) -> TextClass:
        """Return a class of texts; raises BadInput("class-unknown")."""
        if name not in self.classes:
            hint = f"known are: {', '.join(self.classes)}"
            raise BadInput("class-unknown", f"no class of texts is called {name!r}", hint=hint)
        return self.classes[name]

    def phrases(self, role: str, subject: Subject, known: Collection[str]) -> tuple[str, ...]:
        """Return the ids of the phrases that fill a role: the first that is known and whose slots are filled, () for silence.

        An id that begins with ENGLISH is told in English whatever the language.
        A role of `{responses}` has one for each response. Raises BadInput("words-role") when there is none and no silence either.
        """
        each = any("{responses}" in pattern for pattern in self.roles[role])
        responses = subject.responses if each else subject.responses[:1]
        found = (self._first(role, subject, response, known) for response in responses)
        return tuple(dict.fromkeys(filter(None, found)))

    def _first(self, role: str, subject: Subject, response: str, known: Collection[str]) -> str:
        blanks = {"{hazard}": subject.hazard, "{level}": subject.level, "{status}": subject.status}
        blanks |= {"{response}": response, "{responses}": response}
        for pattern in self.roles[role]:
            id = _BLANK.sub(lambda blank: blanks[blank[0]], pattern)
            bare = id.removeprefix(ENGLISH)
            if not id or (bare in known and self.slots.get(bare, {}).keys() <= subject.slots):
                return id
        raise BadInput("words-role", f"{subject.hazard} has no phrase for {role}", hint=f"give English one of {self.roles[role]}")


def load(document: bytes, file: str = FILE) -> Templates:
    """Read templates; raises Faults (words-templates) naming everything that is wrong with them."""
    try:
        templates = msgspec.convert(tomllib.loads(document.decode()), Templates)
    except (ValueError, msgspec.ValidationError) as error:
        raise Faults([_fault(str(error), file)]) from None
    if wrong := [_fault(problem, file) for problem in _problems(templates)]:
        raise Faults(wrong)
    return templates


def _problems(templates: Templates) -> Iterator[str]:
    used = {*templates.ladder, *templates.spare}.union(*(_roles(layout) for layout in templates.forms.values()))
    for own in templates.hazards.values():
        used.update(role for fields in own.values() for roles in fields.values() for role in roles)
    used.update(role for forms in templates.says.values() for steps in forms.values() for roles in steps for role in roles)
    yield from (f"no role is called {role!r}" for role in sorted(used - templates.roles.keys()))
    yield from (f"there is no form '{form}'" for form in Kind if form not in templates.forms)
    yield from (f"'{world}' has no mark or no note" for world in Status if _unmarked(templates, world))
    yield from (
        f"[lengths.any] has no {field!r}" for field in ("event", *FIELDS) if field not in templates.lengths.get("any", {})
    )
    for name, told in templates.classes.items():
        yield from _classless(name, told, templates.says)
    blanks = {blank for patterns in templates.roles.values() for pattern in patterns for blank in _BLANK.findall(pattern)}
    yield from (f"a role may not hold {blank}" for blank in sorted(blanks - _BLANKS))


def _classless(name: str, told: TextClass, says: Mapping[str, Mapping[Kind, tuple[Roles, ...]]]) -> Iterator[str]:
    if "any" not in told.most:
        yield f"[classes.{name}] has no length for any language"
    for line in told.lines:
        yield from (f"[says.{line}] has no form '{form}'" for form in Kind if not says.get(line, {}).get(form))


def _roles(layout: Layout) -> set[str]:
    full = {role for field in FIELDS for role in layout.roles(field)}
    return full | {role for steps in layout.shorter.values() for roles in steps for role in roles}


def _unmarked(templates: Templates, world: Status) -> bool:
    return world is not Status.ACTUAL and not (world in templates.marks and world in templates.notes)


def _fault(problem: str, file: str) -> Finding:
    return Finding(rule="words-templates", message=problem, file=file, hint="see translations/README.md")
