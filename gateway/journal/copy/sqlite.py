"""A whole record in a SQLite file, read or written topic by topic."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime

import apsw
import msgspec

from gateway.journal.copy.faults import unavailable
from gateway.journal.copy.form import Form, insertion, replacing
from gateway.journal.copy.moving import batches
from gateway.journal.copy.topics import FLAGS, PUBLICATION, TIMES, TOPICS, Row, Topic
from gateway.journal.sql.codec import canonical, moment, when


class SqliteSide:
    """Reads and writes through a connection in whose transaction all of it happens; raises Unavailable where the file fails."""

    def __init__(self, cx: apsw.Connection) -> None:
        """Use a connection that is in a transaction."""
        self._cx = cx

    async def rows(self, topic: Topic) -> AsyncIterator[Sequence[Row]]:
        """Yield a topic's rows in their order, some at a time."""
        found = batches(self._read(FORMS[topic.name]))
        while batch := await asyncio.to_thread(next, found, ()):
            yield batch

    async def write(self, topic: Topic, rows: Sequence[Row]) -> None:
        """Add rows."""
        await asyncio.to_thread(self._write, FORMS[topic.name], rows)

    def _read(self, form: Form) -> Iterator[Row]:
        try:
            for row in self._cx.execute(form.select):
                yield form.load(row)
        except apsw.Error as error:
            raise unavailable(error) from error

    def _write(self, form: Form, rows: Sequence[Row]) -> None:
        try:
            self._cx.executemany(form.insert, map(form.keep, rows))
        except apsw.Error as error:
            raise unavailable(error) from error


def _form(topic: Topic) -> Form:
    """Return how a topic stands in a table of its name, with columns of their names."""
    columns = ", ".join(topic.columns)
    insert = insertion(topic.name, topic.columns, ["?"] * len(topic.columns))
    return Form(
        select=f"SELECT {columns} FROM {topic.name} ORDER BY {', '.join(topic.order)}",  # noqa: S608 - our own words
        insert=replacing(insert, topic) if topic == PUBLICATION else insert,
        load=_through(topic, _loaded),
        keep=_through(topic, _kept),
    )


def _through(topic: Topic, turn: Callable[[str, object], object]) -> Callable[[Row], Row]:
    return lambda row: tuple(turn(name, value) for name, value in zip(topic.columns, row, strict=True))


def _loaded(name: str, value: object) -> object:
    if name in TIMES:
        return when(value) if isinstance(value, str) and value else None
    return bool(value) if name in FLAGS else value


def _kept(name: str, value: object) -> object:
    if name == "claimed_at" and value is None:
        return ""
    return moment(value) if isinstance(value, datetime) else value


def _told(row: Row) -> Row:
    """Return an attempt with note and evidence in one."""
    *before, note, evidence, late = row
    return (*before, canonical([note, msgspec.json.decode(evidence)]), late)


def _note_and_evidence(row: Row) -> Row:
    *before, told, late = row
    note, evidence = msgspec.json.decode(told)
    return (*before, note, canonical(evidence), late)


def _forms() -> dict[str, Form]:
    forms = {topic.name: _form(topic) for topic in TOPICS}
    attempt, episode = forms["attempt"], forms["episode"]
    forms["attempt"] = Form(
        select=attempt.select.replace("told", "note, evidence"),
        insert=attempt.insert.replace("told", "note, evidence").replace("(?, ", "(?, ?, "),
        load=lambda row: attempt.load(_told(row)),
        keep=lambda row: _note_and_evidence(attempt.keep(row)),
    )
    forms["blob"] = forms["blob"]._replace(
        select="SELECT sha256, body FROM blob UNION SELECT sha256, body FROM receipt WHERE body IS NOT NULL ORDER BY sha256"
    )
    forms["episode"] = episode._replace(
        select="SELECT i.source, i.id, i.episode, max(i.revision) OVER (PARTITION BY i.source, i.id), i.open, r.body, i.arrived,"
        " i.alert, i.stopped FROM incident i JOIN report r ON r.position = i.newest ORDER BY i.source, i.id, i.episode",
        insert="INSERT INTO incident (source, id, episode, revision, open, newest, arrived, alert, stopped) VALUES (?1, ?2, ?3,"
        " ?4, ?5, (SELECT max(position) FROM report WHERE source = ?1 AND id = ?2 AND episode = ?3 AND applied = 1), ?7, ?8, ?9)",
    )
    return forms


FORMS = _forms()
