"""A sheet of paper for a native reader: every phrase beside its English, and what it becomes on a phone, to be signed by hand."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from gateway.alert import Kind, Text
from gateway.fault import BadInput
from gateway.hazard import hazards
from gateway.incident import Status
from gateway.words import catalogue, gates, templates
from gateway.words.catalogue import FILE, SOURCE, Entry
from gateway.words.check import sample
from gateway.words.compose import Words

_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 62em; color: #111; background: #fff }
table { border-collapse: collapse; width: 100% } th, td { border: 1px solid #999; padding: .3em .5em; vertical-align: top }
th { text-align: left; background: #eee } h2 { margin: 1.6em 0 .4em } tr, .pair { break-inside: avoid }
.id, .count { font: 12px/1.4 ui-monospace, monospace; color: #555 } .mend { width: 14em } .sign td { height: 2.2em; width: 33% }
.pair { display: flex; gap: 1em; margin: .8em 0 }
.phone { width: 20em; border: 1px solid #333; border-radius: 1em; padding: .8em; overflow-wrap: anywhere; white-space: pre-line }
@media print { body { margin: 0; font-size: 11px } }
"""
_TO_ITS_END = "flash-flood"
_FIELDS = ("headline", "description", "instruction", "short")


def sheet(folder: Path, tag: str) -> str:
    """Return a page of strict HTML, without script or anything fetched, for the reviewer of one language.

    Raises BadInput("words-language") for a language without a catalogue, Faults for files that cannot be read.
    """
    files = {name: catalogue.read(path.read_bytes(), file) for name, file, path in catalogue.files(folder)}
    if tag not in files or SOURCE not in files:
        hint = f"there are: {', '.join(sorted(files))}"
        raise BadInput("words-language", f"there is no {tag}/{FILE} beside the English one", hint=hint)
    words = Words.of(templates.load((folder / templates.FILE).read_bytes()), files)
    body = (*_head(tag, len(files[SOURCE])), *_phrases(tag, files[SOURCE], files[tag]), *_phones(words, tag))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>Review: {escape(tag)}</title><style>{_STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _head(tag: str, phrases: int) -> Iterator[str]:
    yield f"<h1>Emergency phrases: English and {escape(tag)}</h1>"
    yield (
        f"<p>Please read all {phrases} phrases as somebody in danger would. Tick what is right; beside it write what you "
        "would say instead. What stands in braces is filled in later and stays as it is; so do numbers: 112 and 119 are dialled. "
        "Only a native speaker signs.</p>"
    )
    yield '<table class="sign"><tr><th>Name</th><th>Date</th><th>Signature</th></tr><tr><td></td><td></td><td></td></tr></table>'


def _phrases(tag: str, english: Sequence[Entry], told: Sequence[Entry]) -> Iterator[str]:
    known = {entry.id: entry for entry in told}
    for about, entries in groupby(english, key=lambda entry: entry.id.partition(".")[0]):
        yield f"<h2>{escape(about)}</h2>"
        yield f'<table><tr><th>English</th><th>{escape(tag)}</th><th>Right</th><th class="mend">Better</th></tr>'
        yield from (_row(tag, entry, known.get(entry.id)) for entry in entries)
        yield "</table>"


def _row(tag: str, english: Entry, told: Entry | None) -> str:
    said = told.text if told else ""
    state = "missing" if told is None else "reviewed" if gates.reviewed(told, english.source) else told.review or "unreviewed"
    return (
        f'<tr><td>{escape(english.source)}<br><span class="id">{escape(english.id)}</span></td>'
        f'<td lang="{escape(tag)}" dir="auto">{escape(said)}<br><span class="count">{len(said)} characters, {state}</span></td>'
        "<td>☐</td><td></td></tr>"
    )


def _phones(words: Words, tag: str) -> Iterator[str]:
    yield "<h2>On a phone</h2><p>Each with the longest names and numbers, as an exercise; one of them to its end.</p>"
    for hazard in hazards().values():
        for form in Kind if hazard.id == _TO_ITS_END else (Kind.ALERT,):
            ask = sample(words.templates, tag, (hazard, form, Status.EXERCISE), full=True)
            asks = [sample(words.templates, SOURCE, (hazard, form, Status.EXERCISE), full=True), ask]
            texts = [text for one in asks for text in words.compose(one).texts]
            yield f"<h3>{escape(hazard.id)}: {form}</h3>"
            yield '<div class="pair">' + "".join(_phone(words, text) for text in texts) + "</div>"


def _phone(words: Words, text: Text) -> str:
    said = [(name, getattr(text, name)) for name in _FIELDS] + sorted(text.classes.items())
    shown = "".join(_shown(text.language, name, one, words.templates.most(name, text.language)) for name, one in _once(said))
    return f'<div class="phone">{shown}</div>'


def _once(said: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Leave out what has been shown already."""
    yield from {one: (name, one) for name, one in reversed(list(said))}.values()


def _shown(language: str, name: str, said: str, most: int) -> str:
    count = "+".join(str(len(line)) for line in said.split("\n"))
    return f'<p lang="{escape(language)}" dir="auto">{escape(said)}<br><span class="count">{name} {count}/{most}</span></p>'
