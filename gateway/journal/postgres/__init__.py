"""The record in PostgreSQL: any number of gateways on one database, row locks and leases by the database's clock."""

from gateway.journal.postgres.journal import PostgresJournal

__all__ = ["PostgresJournal"]
