"""Writes one alert in one language, phrase by phrase."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import chain

from msgspec import Struct, field

from gateway.alert import Kind, Text
from gateway.doors import text
from gateway.fault import BadInput, Fault
from gateway.hazard import SlotType
from gateway.incident import Status
from gateway.words import phrase
from gateway.words.ladder import Fitted, columns, fit
from gateway.words.templates import ENGLISH, FIELDS, Field, Subject, Templates
from gateway.words.voice import Voice

_MOST = 10_000


class Phrase(Struct, frozen=True):
    """A phrase that may be told, and whether a named person has reviewed it as it is."""

    text: str
    reviewed: bool


class Matter(Struct, frozen=True, kw_only=True):
    """What is told, the same in every language; `known` are the phrases that English has.

    `classes` name the texts of other lengths that are told too, `lengths` by class what the caller allows instead of ours.
    """

    subject: Subject
    form: Kind
    status: Status
    values: Mapping[str, tuple[object, SlotType]]
    since: datetime
    known: Collection[str]
    reviewed_only: bool
    classes: tuple[str, ...] = ()
    lengths: Mapping[str, int] = {}


class Written(Struct, frozen=True):
    """A text, by field or class the roles given up for its length, and why a class cannot be told."""

    text: Text
    dropped: Mapping[str, tuple[str, ...]]
    refused: Mapping[str, Fault]


class Writer(Struct, frozen=True, kw_only=True):
    """One language's pen; `english` lends it the key words for those who cannot read it."""

    matter: Matter
    voice: Voice
    phrases: Mapping[str, Phrase]
    templates: Templates
    english: "Writer | None" = None
    said: dict[str, str] = field(default_factory=dict)
    filling: dict[str, str] = field(default_factory=dict)
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def write(self, language: str) -> Written:
        """Return the alert's text under the tag that was asked for.

        Raises BadInput words-phrase-missing, words-unreviewed, words-too-long, and whatever a slot's value is refused with.
        """
        event = self._event()
        fitted = {name: self._field(name) for name in FIELDS}
        lines, refused = self._classes()
        every = [*fitted.values(), *(line for told in lines.values() for line in told)]
        told = [self._ids(("event",)), self._marks(), *(self._ids(one.roles) for one in every)]
        return Written(
            Text(
                language=language,
                sender_name=self.voice.say(*self.matter.values["sender"]),
                event=event,
                reviewed=all(self._phrase(id).reviewed for ids in told for id in ids),
                classes={name: "\n".join(line.text for line in told) for name, told in lines.items()},
                **{name: one.text for name, one in fitted.items()},
            ),
            _dropped(fitted) | self._given_up(lines),
            refused,
        )

    def say(self, id: str) -> str:
        """Return one phrase with its slots filled; raises BadInput words-phrase-missing, words-unreviewed."""
        if (said := self.said.get(id)) is None:
            said = self.said[id] = self._said(id)
        return said

    def _said(self, id: str) -> str:
        if self.english and id.startswith(ENGLISH):
            return self.english.say(id.removeprefix(ENGLISH))
        return text.one_line(self._filled(id), most=_MOST)

    def _filled(self, id: str) -> str:
        found = self._phrase(id)
        if self.matter.reviewed_only and not found.reviewed:
            raise BadInput("words-unreviewed", f"{id} is not reviewed", hint="have a native speaker review it")
        return phrase.fill(found.text, {slot: self._value(slot) for slot in phrase.slots(found.text)})

    def _classes(self) -> tuple[dict[str, list[Fitted]], dict[str, Fault]]:
        told: dict[str, list[Fitted]] = {}
        refused: dict[str, Fault] = {}
        for name in filter(self._is_spoken, self.matter.classes):
            try:
                told[name] = self._lines(name)
            except Fault as fault:
                refused[name] = fault
        return told, refused

    def _is_spoken(self, name: str) -> bool:
        """Tell whether a class is told in this language at all: where it is promised, or its length is the caller's own."""
        promised = self.templates.classes[name].promised
        return not promised or self.voice.language in promised or name in self.matter.lengths

    def _lines(self, name: str) -> list[Fitted]:
        """Return the lines of a class, of which the first bears the mark."""
        lines = enumerate(self.templates.classes[name].lines)
        return [self._line(name, line, () if number else self._marks()[:1]) for number, line in lines]

    def _line(self, name: str, line: str, marks: tuple[str, ...]) -> Fitted:
        return fit(
            lambda roles: self._join((*marks, *self._ids(roles))),
            self.templates.says[line][self.matter.form],
            drop=self.templates.ladder,
            most=self.matter.lengths.get(name, self.templates.most(name, self.voice.language)),
            measure=columns if self.templates.classes[name].columns else len,
        )

    def _given_up(self, lines: Mapping[str, Iterable[Fitted]]) -> dict[str, tuple[str, ...]]:
        """Return what a class lost beyond what it can spare."""
        spare = {*self.templates.ladder, *self.templates.spare}
        lost = {name: tuple(role for line in told for role in line.dropped if role not in spare) for name, told in lines.items()}
        return {name: roles for name, roles in lost.items() if roles}

    def _event(self) -> str:
        said = self._join((*self._marks()[:1], *self._ids(("event",))))
        if len(said) > (most := self.templates.most("event", self.voice.language)):
            raise BadInput("words-too-long", f"{said!r} is longer than {most} characters", hint="translate the event shorter")
        return said

    def _field(self, name: Field) -> Fitted:
        layout = self.templates.layout(self.matter.subject.hazard, self.matter.form)
        marks = self._marks() if name == "description" else self._marks()[:1]
        return fit(
            lambda roles: self._join((*marks, *self._ids(roles))),
            (layout.roles(name), *layout.shorter.get(name, ())),
            drop=self.templates.ladder,
            most=self.templates.most(name, self.voice.language),
        )

    def _marks(self) -> tuple[str, ...]:
        """Return the mark and the note of a drill or a test; nothing in earnest."""
        if self.matter.status is Status.ACTUAL:
            return ()
        return (self.templates.marks[self.matter.status], self.templates.notes[self.matter.status])

    def _ids(self, roles: Iterable[str]) -> tuple[str, ...]:
        return tuple(chain.from_iterable(map(self._of_role, roles)))

    def _of_role(self, role: str) -> tuple[str, ...]:
        if (told := self.told.get(role)) is None:
            ids = self.templates.phrases(role, self.matter.subject, self.matter.known)
            told = self.told[role] = tuple(id for id in ids if self.english or not id.startswith(ENGLISH))
        return told

    def _join(self, ids: Iterable[str]) -> str:
        return phrase.told(map(self.say, ids))

    def _phrase(self, id: str) -> Phrase:
        if self.english and id.startswith(ENGLISH):
            return self.english._phrase(id.removeprefix(ENGLISH))  # noqa: SLF001 - another pen of this kind
        if (found := self.phrases.get(id)) is None:
            raise BadInput("words-phrase-missing", f"{id} has no usable translation", hint="run `bongsu words check`")
        return found

    def _value(self, slot: str) -> str:
        if slot not in self.filling:
            self.filling[slot] = self._fill_for(slot)
        return self.filling[slot]

    def _fill_for(self, slot: str) -> str:
        if slot == "event":
            return self._join(self._ids(("event",)))
        if slot == "since":
            return self.voice.dated(self.matter.since)
        return self.voice.say(*self.matter.values[slot])


def _dropped(fitted: Mapping[Field, Fitted]) -> dict[str, tuple[str, ...]]:
    return {name: one.dropped for name, one in fitted.items() if one.dropped}
