"""Writes one alert in one language, phrase by phrase."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from gateway.alert import Kind, Text
from gateway.doors import text
from gateway.fault import BadInput
from gateway.hazard import SlotType
from gateway.incident import Status
from gateway.words import phrase
from gateway.words.ladder import Fitted, fit
from gateway.words.templates import FIELDS, Field, Subject, Templates
from gateway.words.voice import Voice

_MOST = 10_000


class Phrase(Struct, frozen=True):
    """A phrase that may be told, and whether a named person has reviewed it as it is."""

    text: str
    reviewed: bool


class Matter(Struct, frozen=True, kw_only=True):
    """What is told, the same in every language; `known` are the phrases that English has."""

    subject: Subject
    form: Kind
    status: Status
    values: Mapping[str, tuple[object, SlotType]]
    since: datetime
    known: Collection[str]
    reviewed_only: bool


class Written(Struct, frozen=True):
    """A text and, by field, the roles that had to be given up for its length."""

    text: Text
    dropped: Mapping[str, tuple[str, ...]]


class Writer(Struct, frozen=True, kw_only=True):
    """One language's pen."""

    matter: Matter
    voice: Voice
    phrases: Mapping[str, Phrase]
    templates: Templates

    def write(self, language: str) -> Written:
        """Return the alert's text under the tag that was asked for.

        Raises BadInput words-phrase-missing, words-unreviewed, words-too-long, and whatever a slot's value is refused with.
        """
        event = self._event()
        fitted = {field: self._field(field) for field in FIELDS}
        told = [self._ids(("event",)), self._marks(), *(self._ids(field.roles) for field in fitted.values())]
        return Written(
            Text(
                language=language,
                sender_name=self.voice.say(*self.matter.values["sender"]),
                event=event,
                reviewed=all(self.phrases[id].reviewed for ids in told for id in ids),
                **{name: field.text for name, field in fitted.items()},
            ),
            {name: field.dropped for name, field in fitted.items() if field.dropped},
        )

    def _event(self) -> str:
        said = self._join((*self._marks()[:1], *self._ids(("event",))))
        if len(said) > (most := self.templates.most("event", self.voice.language)):
            raise BadInput("words-too-long", f"{said!r} is longer than {most} characters", hint="translate the event shorter")
        return said

    def _field(self, field: Field) -> Fitted:
        layout = self.templates.layout(self.matter.subject.hazard, self.matter.form)
        marks = self._marks() if field == "description" else self._marks()[:1]
        return fit(
            lambda roles: self._join((*marks, *self._ids(roles))),
            layout.roles(field),
            drop=self.templates.ladder,
            shorter=layout.shorter.get(field, ()),
            most=self.templates.most(field, self.voice.language),
        )

    def _marks(self) -> tuple[str, ...]:
        """Return the mark and the note of a drill or a test; nothing in earnest."""
        if self.matter.status is Status.ACTUAL:
            return ()
        return (self.templates.marks[self.matter.status], self.templates.notes[self.matter.status])

    def _ids(self, roles: Iterable[str]) -> tuple[str, ...]:
        matter = self.matter
        return tuple(id for role in roles for id in self.templates.phrases(role, matter.subject, matter.known))

    def _join(self, ids: Iterable[str]) -> str:
        return text.one_line(phrase.told(self._say(id) for id in ids), most=_MOST)

    def _say(self, id: str) -> str:
        found = self.phrases.get(id)
        if found is None:
            raise BadInput("words-phrase-missing", f"{id} has no usable translation", hint="run `bongsu words check`")
        if self.matter.reviewed_only and not found.reviewed:
            raise BadInput("words-unreviewed", f"{id} is not reviewed", hint="have a native speaker review it")
        return phrase.fill(found.text, {slot: self._value(slot) for slot in phrase.slots(found.text)})

    def _value(self, slot: str) -> str:
        if slot == "event":
            return self._join(self._ids(("event",)))
        if slot == "since":
            return self.voice.dated(self.matter.since)
        return self.voice.say(*self.matter.values[slot])
