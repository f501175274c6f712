"""One alert in every language it is told in: the same phrases everywhere, so that everybody is told the same."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from gateway.alert import Kind, Text
from gateway.fault import BadInput, Fault, Finding, Gravity
from gateway.hazard import Hazard, SlotType
from gateway.incident import Status
from gateway.words import catalogue, gates, languages, slots, templates
from gateway.words.catalogue import Entry
from gateway.words.ladder import columns
from gateway.words.templates import RESPONSES, Subject, Templates
from gateway.words.voice import Voice
from gateway.words.writer import Matter, Phrase, Writer, Written

LEFT_OUT = "words-class-left-out"

_OUR_OWN = frozenset({"event", "sender", "since", "until"})


class Ask(Struct, frozen=True, kw_only=True):
    """What is to be told, and in which languages (BCP 47, the default first).

    `place` and `sender_name` are names by language. `responses` are CAP responseType values, the chief one first; none means the
    hazard's own. Places in `facts` are told if they are names by language; `onset` and `until` are aware and told in `timezone`.
    With `reviewed_only` nothing goes out that no named person has reviewed. `classes` name the texts of other lengths that are
    wanted too (templates.toml, [classes]), `lengths` by class the characters or columns of a line that the caller allows.
    """

    hazard: Hazard
    form: Kind
    status: Status
    level: str
    responses: tuple[str, ...]
    facts: Mapping[str, object]
    place: Mapping[str, str]
    onset: datetime
    until: datetime
    timezone: str
    sender_name: Mapping[str, str]
    languages: tuple[str, ...]
    reviewed_only: bool
    classes: tuple[str, ...] = ()
    lengths: Mapping[str, int] = {}


class Composed(Struct, frozen=True, kw_only=True):
    """The texts in the order asked for, the languages left out, and what a person should know about both."""

    texts: tuple[Text, ...]
    left_out: tuple[str, ...]
    findings: tuple[Finding, ...]


class Words:
    """All phrases in all languages, and the order they are told in."""

    def __init__(self, plan: Templates, phrases: Mapping[str, Mapping[str, Phrase]]) -> None:
        """Take the templates, and by language the phrases that may be told."""
        self.templates = plan
        self.phrases = phrases

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `templates.toml` and every `<language>/messages.po`; raises Faults, OSError.

        A phrase that fails a gate is not told; a file that gettext would misread, or a broken template, is refused as a whole.
        """
        plan = templates.load((folder / templates.FILE).read_bytes())
        return cls.of(plan, {tag: catalogue.read(path.read_bytes(), file) for tag, file, path in catalogue.files(folder)})

    @classmethod
    def of(cls, plan: Templates, entries: Mapping[str, Sequence[Entry]]) -> Self:
        """Take what each language's file holds, and keep what may be told."""
        english = {entry.id: entry.source for entry in entries.get(catalogue.SOURCE, ())}
        return cls(plan, {tag: dict(_usable(tag, found, english)) for tag, found in entries.items()})

    def compose(self, ask: Ask) -> Composed:
        """Tell an alert in every language asked for; a language that cannot tell all of it is left out and named.

        A class of texts that a language cannot tell is missing among its `classes` and named; the rest of it is told. Raises
        Faults (fact-unknown, fact-type), BadInput words-default-missing when the first language cannot be written, and
        response-unknown, time-naive, timezone-unknown, words-no-language, class-unknown for an ask that makes no sense.
        """
        zone = _checked(ask)
        for name in (*ask.classes, *ask.lengths):
            self.templates.text_class(name)
        matter = _matter(ask, self.phrases.get(catalogue.SOURCE, {}))
        english = self._writer(ask, matter, catalogue.SOURCE, zone)
        texts, left_out, findings = [], [], list(_unnamed(ask))
        for language in ask.languages:
            try:
                written, remarks = self._tell(ask, english, language, zone)
            except Fault as fault:
                findings.append(_left_out(ask, language, fault))
                left_out.append(language)
            else:
                texts.append(written.text)
                findings += remarks
        return Composed(texts=tuple(texts), left_out=tuple(left_out), findings=tuple(findings))

    def mark(self, status: Status, language: str) -> str:
        """Return how every text of a drill or a test begins in a language, "" in earnest; raises BadInput("words-language")."""
        if status is Status.ACTUAL:
            return ""
        return self.phrases[self._tag(language)][self.templates.marks[status]].text

    def bounded(self, name: str, language: str, said: str, *, path: str = "") -> str:
        """Return a person's own wording of a class of texts, if it fits; raises BadInput class-unknown, words-too-long."""
        told = self.templates.text_class(name)
        most, measure = (
            self.templates.most(name, languages.find(language, self.phrases) or language),
            columns if told.columns else len,
        )
        lines = said.split("\n")
        if len(lines) > len(told.lines) or any(measure(line) > most for line in lines):
            message = f"a {name} has at most {len(told.lines)} lines of {most} {'columns' if told.columns else 'characters'}"
            raise BadInput("words-too-long", message, path=path, hint="shorten it")
        return said

    def _tag(self, language: str) -> str:
        if (tag := languages.find(language, self.phrases)) is None:
            raise BadInput("words-language", "there is no catalogue", hint=f"add translations/{language}/{catalogue.FILE}")
        return tag

    def _tell(self, ask: Ask, english: Writer, language: str, zone: tzinfo) -> tuple[Written, list[Finding]]:
        writer = english
        if (tag := self._tag(language)) != catalogue.SOURCE:
            writer = msgspec.structs.replace(self._writer(ask, english.matter, tag, zone), english=english)
        written = writer.write(language)
        return written, [*_untranslated(english.matter, writer.voice, language), *_shortened(written), *_refused(written)]

    def _writer(self, ask: Ask, matter: Matter, tag: str, zone: tzinfo) -> Writer:
        voice = Voice(language=tag, fallback=ask.languages[0], zone=zone, today=ask.onset.astimezone(zone).date())
        return Writer(matter=matter, voice=voice, phrases=self.phrases.get(tag, {}), templates=self.templates)


def _usable(tag: str, entries: Sequence[Entry], english: Mapping[str, str]) -> Iterator[tuple[str, Phrase]]:
    for entry in entries:
        source = english.get(entry.id)
        if source is not None and gates.usable(entry, source, tag):
            yield entry.id, Phrase(entry.text, gates.reviewed(entry, source))


def _checked(ask: Ask) -> tzinfo:
    slots.check_facts(ask.hazard, ask.facts)
    if unknown := [response for response in ask.responses if response not in RESPONSES]:
        raise BadInput("response-unknown", f"not a CAP responseType: {unknown[0]!r}", hint=f"use {', '.join(RESPONSES)}")
    if ask.onset.utcoffset() is None or ask.until.utcoffset() is None:
        raise BadInput("time-naive", "a time without its offset from UTC", hint="use aware times")
    if not ask.languages:
        raise BadInput("words-no-language", "no language was asked for", hint="set the city's languages, the default first")
    try:
        return ZoneInfo(ask.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(
            "timezone-unknown", f"no time zone is called {ask.timezone!r}", hint="use a name such as Asia/Seoul"
        ) from None


def _matter(ask: Ask, english: Mapping[str, Phrase]) -> Matter:
    facts = {slot: value for slot, value in ask.facts.items() if slots.tellable(value, ask.hazard.facts[slot])}
    values = {slot: (value, ask.hazard.facts[slot]) for slot, value in facts.items()}
    values["sender"], values["until"] = (ask.sender_name, SlotType.PLACE), (ask.until, SlotType.CLOCK)
    if ask.place:
        values["place"] = (ask.place, SlotType.PLACE)
    responses = ask.responses or ask.hazard.responses
    subject = Subject(
        hazard=ask.hazard.id, level=ask.level, responses=responses, slots=_OUR_OWN | values.keys(), status=ask.status
    )
    return Matter(
        subject=subject,
        form=ask.form,
        status=ask.status,
        values=values,
        since=ask.onset,
        known=english.keys(),
        reviewed_only=ask.reviewed_only,
        classes=ask.classes,
        lengths=ask.lengths,
    )


def _unnamed(ask: Ask) -> Iterator[Finding]:
    for slot, value in ask.facts.items():
        if not slots.tellable(value, ask.hazard.facts[slot]) and not (slot == "place" and ask.place):
            hint = "name it in the city folder"
            yield _warning("words-place-unnamed", f"{slot} {value!r} has no name, so it is not told", hint=hint)


def _untranslated(matter: Matter, voice: Voice, language: str) -> Iterator[Finding]:
    for slot, (value, kind) in matter.values.items():
        if kind in slots.NAMED and voice.lacks(value):
            message = f"{language}: the {slot} has no name in this language or English: {voice.say(value, kind)!r}"
            yield _warning("words-place-untranslated", message, path=f"/texts/{language}")


def _shortened(written: Written) -> Iterator[Finding]:
    language = written.text.language
    for field in written.dropped:
        said = written.text.classes[field] if field in written.text.classes else getattr(written.text, field)
        message = f"{language}: the {field} did not fit and was shortened to {said!r}"
        yield _warning("words-shortened", message, path=f"/texts/{language}/{field}")


def _refused(written: Written) -> Iterator[Finding]:
    language = written.text.language
    for name, fault in written.refused.items():
        yield _warning(
            "words-class-left-out", f"{language}: no {name}: {fault.message}", path=f"/texts/{language}/{name}", hint=fault.hint
        )


def _left_out(ask: Ask, language: str, fault: Fault) -> Finding:
    """Name the language that cannot be written; without the default there is no alert."""
    if language == ask.languages[0]:
        raise BadInput("words-default-missing", f"{language}: {fault.message}", path=fault.path, hint=fault.hint) from fault
    return _warning("words-left-out", f"{language}: {fault.message}", path=f"/texts/{language}", hint=fault.hint)


def _warning(rule: str, message: str, *, path: str = "", hint: str = "") -> Finding:
    return Finding(rule=rule, message=message, severity=Gravity.WARNING, path=path, hint=hint)
