"""A database elsewhere is spoken to only when it proves who it is: judged by a real TLS server before a real database."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.fault import BadInput, Fault, Unavailable
from gateway.journal.copy import postgres as copy
from gateway.journal.postgres import PostgresJournal
from tests.journal.postgres.server import Server

# PostgreSQL's SSLRequest: eight octets, of which the last four are this number (protocol 55.7)
SSL_REQUEST = (80877103).to_bytes(4, "big")
NOW = datetime.now(UTC)


def certified(folder: Path, name: str) -> Path:
    """Write a certificate of 127.0.0.1 that signs itself, with its key, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = made.add_extension(addresses, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    pem = serialization.Encoding.PEM
    open_key = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{name}.pem"
    file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem) + open_key)
    return file


class Door:
    """Takes TLS off for the database behind it; without a context it says that it cannot."""

    def __init__(self, server: Server, context: ssl.SSLContext | None) -> None:
        """Speak for a server."""
        self.encrypted = 0
        self._socket = str(server.home / ".s.PGSQL.5432")
        self._context = context

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readexactly(8))[4:]
        assert asked == SSL_REQUEST, "it began in the clear"
        writer.write(b"N" if self._context is None else b"S")
        await writer.drain()
        if self._context is None:
            return
        await writer.start_tls(self._context)
        self.encrypted += 1
        far_reader, far_writer = await asyncio.open_unix_connection(self._socket)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(1 << 16):
        writer.write(some)
        await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def opened(door: Door) -> AsyncIterator[int]:
    listening = await asyncio.start_server(door.serve, "127.0.0.1", 0)
    yield listening.sockets[0].getsockname()[1]
    listening.close()


@pytest.fixture
def url(dsn: str) -> Callable[[int, str, Path], str]:
    """Address the empty record by way of a door."""
    name = dsn.partition("@/")[2].partition("?")[0]
    return lambda port, host, anchor: f"postgresql://postgres@{host}:{port}/{name}?sslmode=verify-full&sslrootcert={anchor}"


async def test_only_a_database_that_proves_who_it_is_is_spoken_to(
    server: Server, url: Callable[[int, str, Path], str], tmp_path: Path
) -> None:
    ours, anothers = certified(tmp_path, "ours"), certified(tmp_path, "anothers")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ours)
    door = Door(server, context)
    async with opened(door) as port:
        journal = await PostgresJournal.open(url(port, "127.0.0.1", ours))
        await journal.check()
        await journal.close()
        assert door.encrypted >= 1
        for host, anchor in (("127.0.0.1", anothers), ("localhost", ours)):
            with pytest.raises(Unavailable) as refused:
                await PostgresJournal.open(url(port, host, anchor))
            assert refused.value.code == "store-untrusted"


async def test_a_record_is_copied_only_into_a_database_that_proves_who_it_is(
    server: Server, url: Callable[[int, str, Path], str], tmp_path: Path
) -> None:
    ours, anothers = certified(tmp_path, "ours"), certified(tmp_path, "anothers")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ours)
    door = Door(server, context)
    async with opened(door) as port:
        async with copy.writing(url(port, "127.0.0.1", ours), None) as side:
            assert await side.empty()
        assert door.encrypted == 1
        for side_of in (copy.writing, copy.reading):
            with pytest.raises(Unavailable) as refused:
                await side_of(url(port, "127.0.0.1", anothers), None).__aenter__()
            assert refused.value.code == "store-untrusted"


async def test_a_database_that_does_not_encrypt_is_not_spoken_to(
    server: Server, url: Callable[[int, str, Path], str], tmp_path: Path
) -> None:
    async with opened(Door(server, None)) as port:
        with pytest.raises(Unavailable):
            await PostgresJournal.open(url(port, "127.0.0.1", certified(tmp_path, "ours")))


async def test_what_is_wrong_with_an_address_is_named(url: Callable[[int, str, Path], str], tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"store-tls-file: sslrootcert names .*nowhere\.pem"):
        await PostgresJournal.open(url(1, "127.0.0.1", tmp_path / "nowhere.pem"))
    with pytest.raises(BadInput, match="sslmode"):
        await PostgresJournal.open("postgresql:///x?sslmode=verry-full")
