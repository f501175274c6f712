"""The record in one SQLite file: one writer, group commit, nothing acknowledged before it is on the disk."""

from gateway.journal.sqlite.journal import SqliteJournal

__all__ = ["SqliteJournal"]
