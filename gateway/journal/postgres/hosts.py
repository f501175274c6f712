"""Which of a DSN's hosts to speak to: the first in its order that takes writes."""

import os
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from gateway.fault import BadInput, Unavailable
from gateway.journal.postgres.faults import LOST

CONNECT_S = 1.2
TLS_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")


async def connect(dsn: str, **options: Any) -> asyncpg.Connection:
    """Connect to the first host that takes writes; raises what the last one said when there is none.

    Raises BadInput for a bad DSN, Unavailable("store-tls-file") where it names a file that cannot be read.

    Each host is asked for its share of the time only, so that one that is silent for ever does not hide those after it.
    """
    for name, file in _unread(dsn):
        raise Unavailable(
            "store-tls-file", f"{name} names {file}, which cannot be read", hint="put the file there, or name another"
        )
    try:
        return await _first(one_by_one(dsn), options)
    # It is a ValueError too, and says something else
    except ssl.SSLError:
        raise
    except ValueError as error:
        raise BadInput("store-url", f"the store's url cannot be used: {error}", hint="postgresql://user@host/database") from None


def _unread(dsn: str) -> list[tuple[str, str]]:
    """Return what names a file that cannot be read: to asyncpg that is an OSError, as if the database were away."""
    query = dict(parse_qsl(urlsplit(dsn).query))
    return [(name, query[name]) for name in TLS_FILES if name in query and not os.access(query[name], os.R_OK)]


async def _first(hosts: Sequence[str], options: dict[str, Any]) -> asyncpg.Connection:
    *others, last = hosts
    options |= {"timeout": CONNECT_S / len(hosts), "target_session_attrs": "read-write"}
    for host in others:
        try:
            return await asyncpg.connect(host, **options)
        except LOST:
            continue
    return await asyncpg.connect(last, **options)


def one_by_one(dsn: str) -> list[str]:
    """Split the URL of several hosts into one for each; hosts stand before the path, or in the query as host and port."""
    parts = urlsplit(dsn)
    user, at, netloc = parts.netloc.rpartition("@")
    query = parse_qsl(parts.query, keep_blank_values=True)
    named = dict(query)
    if not named.get("host"):
        return [urlunsplit(parts._replace(netloc=user + at + host)) for host in netloc.split(",")]
    hosts = named["host"].split(",")
    ports = named.get("port", "").split(",")
    ports = ports if len(ports) == len(hosts) else ports * len(hosts)
    rest = [(name, value) for name, value in query if name not in {"host", "port"}]
    asked = [[*rest, ("host", host), *([("port", port)] if port else [])] for host, port in zip(hosts, ports, strict=True)]
    return [urlunsplit(parts._replace(query=urlencode(one, safe="/"))) for one in asked]
