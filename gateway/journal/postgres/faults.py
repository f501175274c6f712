"""What PostgreSQL's own errors mean to a caller who can only wait, or call for help."""

import ssl

import asyncpg

from gateway.fault import Unavailable, Unreachable

_LOST = {
    ssl.SSLCertVerificationError: (
        "store-untrusted",
        "the database does not prove who it is",
        "check sslrootcert, and that the certificate names this host",
    ),
    asyncpg.TargetServerAttributeNotMatched: ("store-read-only", "no host takes writes", "name one that does"),
    asyncpg.ReadOnlySQLTransactionError: ("store-read-only", "the database may only be read", "name a server that takes writes"),
    asyncpg.DiskFullError: ("store-unavailable", "the database's disk is full", "free space there; the store goes on by itself"),
    asyncpg.TooManyConnectionsError: ("store-unavailable", "the database takes no more connections", "raise max_connections"),
    asyncpg.InvalidAuthorizationSpecificationError: (
        "store-refused",
        "the database does not let us in",
        "check user and password",
    ),
    asyncpg.InsufficientPrivilegeError: ("store-refused", "the database denies a right", "let this user own the database"),
    asyncpg.InvalidCatalogNameError: ("store-missing", "there is no such database", "create it, owned by this user"),
    asyncpg.DataCorruptedError: ("store-corrupt", "the database is damaged", "restore the latest backup; keep the damaged one"),
    asyncpg.IndexCorruptedError: ("store-corrupt", "the database is damaged", "restore the latest backup; keep the damaged one"),
    asyncpg.LockNotAvailableError: ("store-unavailable", "another transaction holds what is needed", "try again"),
    asyncpg.QueryCanceledError: ("store-unavailable", "the database did not answer in time", "try again"),
}

# OperatorInterventionError: shut down, starting up; InterfaceError: asyncpg's own word for a connection that is gone
LOST = (
    *_LOST,
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalServerError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

HELD = asyncpg.LockNotAvailableError
AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


def unavailable(error: Exception) -> Unavailable:
    """Return what to tell a caller when the store itself failed."""
    for kind, (code, message, hint) in _LOST.items():
        if isinstance(error, kind):
            return Unavailable(code, f"{message} ({error})", hint=hint)
    told = str(error) or type(error).__name__
    return Unreachable("store-unavailable", f"the database cannot be reached ({told})", hint="the store goes on by itself")
