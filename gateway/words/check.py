"""The gates a folder of translations must pass: every phrase, every slot, every text that could ever be sent."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

from gateway.alert import Kind
from gateway.fault import Fault, Faults, Finding
from gateway.hazard import Hazard, SlotType, hazards
from gateway.incident import Status
from gateway.words import catalogue, gates, languages, phrase, templates
from gateway.words.catalogue import FILE, SOURCE, Entry
from gateway.words.compose import LEFT_OUT, Ask, Words
from gateway.words.templates import FIELDS, Templates

_ONSET = datetime(2026, 12, 28, 18, 20, tzinfo=UTC)
_LONG_NAME, _LONG_NAMES = "Wolgok-dong 3rd Underpass", {"ko": "한밭시립미술관앞교차로"}
_LONG_SENDER, _LONG_SENDERS = "Hanbat Metropolitan City", {"ko": "한밭광역시 재난안전상황실"}
_LONGEST: Mapping[SlotType, object] = {
    SlotType.CLOCK: _ONSET + timedelta(days=1),
    SlotType.DATE: _ONSET.date(),
    SlotType.DURATION: {"value": 1559, "unit": "min"},
    SlotType.DISTANCE: {"value": 1234.56, "unit": "km"},
    SlotType.DEPTH: {"value": 1234.56, "unit": "cm"},
    SlotType.COUNT: 1_234_567,
    SlotType.NUMBER: -1234.56,
    SlotType.ROUTE: "Line 2 (inner loop)",
    SlotType.PHONE_NUMBER: "+82 42 123 4567",
    SlotType.URL: "https://example.org/alerts/1234567890",
}

_WORLDS = [*product(Kind, Status, (True,)), *product(Kind, (Status.ACTUAL,), (False,))]


def check(folder: Path) -> tuple[Finding, ...]:
    """Return every finding of a folder of translations, with file and line; none means that it may be shipped.

    Missing, fuzzy, stale and unsigned phrases, slots, numbers, braces, particles, scripts, controls and NFC, language tags, and
    every hazard in every form, status and language, which must compose within its lengths, and within those of every class of
    texts promised in that language, and bear its mark.
    """
    try:
        plan = templates.load((folder / templates.FILE).read_bytes())
    except (Faults, OSError) as broken:
        return broken.findings if isinstance(broken, Faults) else (_finding("words-templates", str(broken), templates.FILE),)
    entries, findings = _read(folder)
    english = {entry.id: entry.source for entry in entries.get(SOURCE, ())}
    findings += [finding for tag, found in entries.items() for finding in _language(tag, found, english)]
    findings += _slots(plan, english)
    return tuple(findings) or tuple(_sendable(Words.of(plan, entries)))


def stats(folder: Path) -> Mapping[str, Mapping[str, int]]:
    """Return by language how many phrases English has, how many are translated, and how many of those are reviewed."""
    entries, _ = _read(folder)
    english = {entry.id: entry.source for entry in entries.get(SOURCE, ())}
    return {tag: _counts(tag, found, english) for tag, found in entries.items()}


def _counts(tag: str, entries: Sequence[Entry], english: Mapping[str, str]) -> Mapping[str, int]:
    told = [entry for entry in entries if entry.id in english and gates.usable(entry, english[entry.id], tag)]
    reviewed = sum(gates.reviewed(entry, english[entry.id]) for entry in told)
    return {"phrases": len(english), "translated": len(told), "reviewed": reviewed}


def _read(folder: Path) -> tuple[dict[str, Sequence[Entry]], list[Finding]]:
    entries: dict[str, Sequence[Entry]] = {}
    findings: list[Finding] = []
    for tag, file, path in catalogue.files(folder):
        try:
            entries[tag] = catalogue.read(path.read_bytes(), file)
        except Faults as faults:
            findings += faults.findings
    if SOURCE not in entries:
        findings.append(_finding("words-file", "there is no English, which is the source of all others", f"{SOURCE}/{FILE}"))
    return entries, findings


def _language(tag: str, entries: Sequence[Entry], english: Mapping[str, str]) -> Iterator[Finding]:
    file = f"{tag}/{FILE}"
    if not languages.is_tag(tag):
        yield _finding("words-language", f"{tag!r} is no BCP 47 tag in its usual spelling", file)
        return
    for id in sorted(english.keys() - {entry.id for entry in entries}):
        yield _finding("words-missing", f"{id}: is not there", file)
    for entry in entries:
        if entry.id in english:
            yield from gates.findings(entry, english[entry.id], tag, file=file)
        else:
            yield _finding("words-id", f"{entry.id!r} is no phrase of the English catalogue", file, entry.line)


def _slots(plan: Templates, english: Mapping[str, str]) -> Iterator[Finding]:
    for id in sorted(english.keys() | plan.slots.keys()):
        declared, used = plan.slots.get(id, {}), set(phrase.slots(english.get(id, "")))
        if used != declared.keys():
            yield _finding("words-slots", f"{id}: declares {sorted(declared)}, English uses {sorted(used)}", templates.FILE)
        hazard = hazards().get(id.partition(".")[0])
        if hazard and not declared.items() <= hazard.facts.items():
            yield _finding("words-slots", f"{id}: its slots are not facts of {hazard.id} of that type", templates.FILE)


def _sendable(words: Words) -> Iterator[Finding]:
    """Compose everything that could ever be sent, once with the longest values and once without any."""
    for tag, hazard in product(words.phrases, hazards().values()):
        wrong: dict[str, Finding] = {}
        for form, status, full in _WORLDS:
            if problem := _unsendable(words, sample(words.templates, tag, (hazard, form, status), full=full)):
                message = f"{hazard.id} as {form} ({status}): {problem}"
                wrong.setdefault(problem, _finding("words-forms", message, f"{tag}/{FILE}"))
        yield from wrong.values()


def _unsendable(words: Words, ask: Ask) -> str:
    try:
        composed = words.compose(ask)
    except Fault as fault:
        return fault.message
    if refused := [finding.message for finding in composed.findings if finding.rule == LEFT_OUT]:
        return refused[0]
    (told,), mark = composed.texts, words.mark(ask.status, ask.languages[0])
    said = {field: getattr(told, field) for field in ("event", *FIELDS)} | dict(told.classes)
    return next((f"the {field} lacks its mark" for field, text in said.items() if not text.startswith(mark)), "")


def sample(plan: Templates, tag: str, about: tuple[Hazard, Kind, Status], *, full: bool) -> Ask:
    """Return an ask in one language for all that is promised in it, with the longest values, or with none where not `full`."""
    hazard, form, status = about
    name = {tag: _LONG_NAMES.get(tag, _LONG_NAME)}
    return Ask(
        hazard=hazard,
        form=form,
        status=status,
        level="",
        responses=(),
        facts={slot: _longest(kind, name) for slot, kind in hazard.facts.items()} if full else {},
        place=name if full else {},
        onset=_ONSET,
        until=_ONSET + timedelta(days=1),
        timezone="UTC",
        sender_name={tag: _LONG_SENDERS.get(tag, _LONG_SENDER)},
        languages=(tag,),
        reviewed_only=False,
        classes=tuple(name for name, told in plan.classes.items() if not told.promised or tag in told.promised),
    )


def _longest(kind: SlotType, name: Mapping[str, str]) -> object:
    return [name] * 3 if kind is SlotType.PLACE_LIST else _LONGEST.get(kind, name)


def _finding(rule: str, message: str, file: str, line: int = 0) -> Finding:
    return Finding(rule=rule, message=message, file=file, line=line)
