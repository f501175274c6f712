"""What the guide for two sites tells to run is run here, and what it tells to write is read by those who must."""

import asyncio
import re
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner

from gateway import config
from gateway.cli import main
from gateway.demo.town import FIRST, settle
from tests.journal.postgres.server import PATIENCE_S, Server, running_pair

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "two-sites.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
COMMANDS = [line for _, block in BLOCKS for line in block.splitlines() if line.startswith("bongsu ")]
NAMED = re.findall(r"`(bongsu [^`]+)`", GUIDE)
REPLICATION = {"primary_conninfo", "wal_retrieve_retry_interval"}
SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A city's folder with somebody in its record."""
    folder = tmp_path / "town"
    folder.mkdir()
    settle(folder, {name: f"http://127.0.0.1:{9 + number}/" for number, name in enumerate(FIRST)}, SECRET, reach=FIRST)
    run("bongsu user add kim --role operator --password-stdin --city DIR", folder, said="correct horse battery staple\n")
    return folder


def run(command: str, folder: Path, *, said: str = "", **meant: str) -> str:
    """Run a command of the guide; what stands for something of the city's own is replaced."""
    for word, place in {"DIR": str(folder), **meant}.items():
        command = command.replace(word, place)
    answer = CliRunner().invoke(main, shlex.split(command)[1:], input=said)
    assert answer.exit_code == 0, answer.stderr
    return str(answer.stdout)


def block(beginning: str) -> str:
    [found] = [text for _, text in BLOCKS if text.startswith(beginning)]
    return found


def test_every_command_is_run_here_or_in_the_readme() -> None:
    assert [command.split()[:3] for command in COMMANDS] == [
        ["bongsu", "store", verb] for verb in ("migrate", "backup", "restore")
    ]
    assert set(NAMED) == {
        "bongsu doctor",
        "bongsu audit verify --city DIR",
        "bongsu audit verify",
        "bongsu alert list",
        "bongsu user list",
    }


def test_the_settings_are_settings(town: Path) -> None:
    text = (town / "city.toml").read_text()
    kept = re.sub(r"\[(server|store)\]\n(?:[^\[\n].*\n|\n)*", "", text)
    (town / "city.toml").write_text(kept + "\n" + block("[server]"))
    settings = config.read(town)
    assert (settings.server.drain_s, settings.database and settings.database.node) == (6, "a")
    assert settings.backups is not None
    assert (settings.backups.every_h, settings.backups.kept) == (6, 28)


def test_the_drill_brings_back_what_there_was(town: Path, tmp_path: Path) -> None:
    _, backup, restore = COMMANDS
    run(backup, town, FILE=str(tmp_path / "newest.db"))
    drill = tmp_path / "drill"
    shutil.copytree(town, drill, ignore=shutil.ignore_patterns("bongsu.*"))
    run(restore, drill, FILE=str(tmp_path / "newest.db"))
    assert run("bongsu user list --city DIR", drill) == run("bongsu user list --city DIR", town)
    assert "every link holds" in run("bongsu audit verify --city DIR", drill)


def test_the_record_moves_and_outlives_its_primary(town: Path, server: Server) -> None:
    """As the guide says: migrate into the primary, lose it, promote the standby, and find the record by the same settings."""
    told, promoted = COMMANDS[0].split(" --secret-file")[0], re.search(r"`(pg_ctl promote [^`]+)`", GUIDE)
    assert promoted is not None
    with running_pair(server.programs) as pair:
        moved = run(told, town, **{"postgresql://bongsu@db-a/bongsu?sslmode=verify-full": pair.primary.dsn("record")})
        lines = moved[moved.index("[store]") :].replace(pair.primary.dsn("record"), pair.dsn)
        text = (town / "city.toml").read_text()
        (town / "city.toml").write_text(text.replace('[store]\npath = "bongsu.db"\n', lines))
        before = run("bongsu user list --city DIR", town)
        pair.primary.kill()
        program, *words = promoted[1].replace("/var/lib/postgresql/data", str(pair.standby.data)).split()
        pair.standby.run(program, *words, "-t", str(PATIENCE_S))
        assert run("bongsu user list --city DIR", town) == before
        assert "every link holds" in run("bongsu audit verify --city DIR", town)


def test_a_standby_that_was_made_as_told_takes_over_from_a_primary_that_waited_for_it(server: Server) -> None:
    """Copied from a primary that waits already, it waits for nobody; then the old site comes back as its standby."""
    with running_pair(server.programs) as pair:
        pair.standby.stop()
        told(pair.primary, "-- on the primary, to go on")
        pair.primary.sql("CREATE TABLE went_on_without_it ()")
        told(pair.primary, "-- on the primary, for its")
        copy(pair.primary, pair.standby)
        assert followed(pair.primary)
        pair.primary.sql("CREATE TABLE waited_for ()")
        pair.fail_over()
        pair.standby.sql("CREATE TABLE told_after_the_fail_over ()")
        copy(pair.standby, pair.primary)
        told(pair.standby, "-- on the primary, for its")
        assert followed(pair.standby)
        pair.standby.sql("CREATE TABLE waited_for_again ()")
        kept = asked(pair.standby, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    assert kept == ["told_after_the_fail_over", "waited_for", "waited_for_again", "went_on_without_it"]


def followed(primary: Server) -> bool:
    """Tell whether a primary comes to wait for the standby of the guide, and for no other."""
    until = time.monotonic() + PATIENCE_S
    states = "SELECT application_name || ' ' || sync_state FROM pg_stat_replication"
    while (found := asked(primary, states)) != ["standby sync"] and time.monotonic() < until:
        time.sleep(0.1)
    return found == ["standby sync"]


def asked(server: Server, query: str) -> list[str]:
    """Return the one column that a server answers a query with."""

    async def rows() -> list[str]:
        cx = await asyncpg.connect(server.dsn())
        try:
            return [row[0] for row in await cx.fetch(query)]
        finally:
            await cx.close()

    return asyncio.run(rows())


def copy(primary: Server, standby: Server) -> None:
    """Make a standby of a primary by the guide's own lines, and start it."""
    shutil.rmtree(standby.data)
    lines = block("pg_basebackup").replace(" sslmode=verify-full sslrootcert=/etc/bongsu/ca.pem", "")
    lines = lines.replace("db-a", str(primary.home)).replace("replicator", "postgres")
    program, *settings = lines.replace("/var/lib/postgresql/data", str(standby.data)).splitlines()
    standby.run(*shlex.split(program))
    for setting in settings:
        subprocess.run(setting, shell=True, check=True)  # noqa: S602 - a line of the guide is a line for a shell
    standby.settings = {name: value for name, value in standby.settings.items() if name not in REPLICATION}
    standby.start()


def told(server: Server, beginning: str) -> None:
    """Tell a server what the guide tells it."""
    for statement in block(beginning).splitlines()[1:]:
        server.sql(statement)
