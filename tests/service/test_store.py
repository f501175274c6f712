"""Which store a city's settings open."""

import sys
from pathlib import Path

import msgspec
import pytest

from gateway import config
from gateway.config import Database, SecretPlace, Settings
from gateway.fault import Missing, Unavailable
from gateway.journal.sqlite import SqliteJournal
from gateway.service import open_store

HANBAT = Path(__file__).parents[2] / "gateway" / "demo" / "hanbat"


def settings(folder: Path, database: Database | None = None) -> Settings:
    return msgspec.structs.replace(config.read(HANBAT), store=folder / "bongsu.db", database=database)


async def test_a_city_without_a_database_keeps_its_record_in_its_file(tmp_path: Path) -> None:
    journal = await open_store(settings(tmp_path))
    await journal.close()

    assert isinstance(journal, SqliteJournal)
    assert (tmp_path / "bongsu.db").is_file()


async def test_a_database_is_asked_for_with_the_password_that_stands_elsewhere(tmp_path: Path) -> None:
    url = f"postgresql://bongsu@/bongsu?host={tmp_path}"
    with pytest.raises(Missing) as missing:
        await open_store(settings(tmp_path, Database(url=url, secret=SecretPlace(file=tmp_path / "none"))))
    assert missing.value.code == "secret-missing"
    with pytest.raises(Unavailable) as away:
        await open_store(settings(tmp_path, Database(url=url)))
    assert away.value.code == "store-unavailable"
    assert not (tmp_path / "bongsu.db").exists()


async def test_without_the_library_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("asyncpg", "gateway.journal.postgres"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(Unavailable) as missing:
        await open_store(settings(tmp_path, Database(url="postgresql://db/x")))
    assert (missing.value.code, "bongsu[postgres]" in missing.value.hint) == ("library-missing", True)
