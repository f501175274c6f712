from pathlib import Path

import apsw
import pytest

from tests.cli.conftest import Bongsu, add, lines


def tamper(city: Path, statement: str) -> None:
    """Change what the record promises never to change."""
    store = apsw.Connection(str(city / "bongsu.db"))
    for trigger in ("audit_is_never_changed", "audit_is_never_shortened"):
        store.execute(f"DROP TRIGGER {trigger}")
    store.execute(statement)
    store.close()


def three(bongsu: Bongsu, city: Path) -> None:
    """Write three entries."""
    for name in ("kim", "lee", "park"):
        assert add(bongsu, city, name) == 0


def test_a_sound_record_is_counted(bongsu: Bongsu, city: Path) -> None:
    three(bongsu, city)
    told = bongsu("audit", "verify", "--json", "--city", city)
    assert lines(told) == [{"valid": True, "entries": 3, "chains": 1, "seal": "", "findings": []}]
    assert told.exit_code == 0
    assert "3 entries in 1 chains" in bongsu("audit", "verify", "--city", city).stdout


def test_an_entry_written_anew_is_found_at_its_place(bongsu: Bongsu, city: Path) -> None:
    three(bongsu, city)
    tamper(city, "UPDATE audit SET actor = 'nobody' WHERE number = 2")
    told = bongsu("audit", "verify", "--json", "--city", city)
    (found,) = lines(told)[0]["findings"]
    assert (told.exit_code, found["rule"], found["path"]) == (1, "audit-broken", "people#2")
    assert "people#2" in bongsu("audit", "verify", "--city", city).stdout


def test_an_entry_that_is_gone_is_found_also_between_pages(bongsu: Bongsu, city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three(bongsu, city)
    tamper(city, "DELETE FROM audit WHERE number = 2")
    for page in (1, 2, 1000):
        monkeypatch.setattr("gateway.cli.audit.PAGE", page)
        told = bongsu("audit", "verify", "--city", city)
        assert told.exit_code == 1, page
        assert "audit-broken" in told.stdout


def test_a_record_is_read_page_by_page_to_its_end(bongsu: Bongsu, city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three(bongsu, city)
    for page in (1, 2, 3, 4):
        monkeypatch.setattr("gateway.cli.audit.PAGE", page)
        assert lines(bongsu("audit", "verify", "--json", "--city", city))[0]["entries"] == 3


def test_a_seal_noted_elsewhere_must_be_there(bongsu: Bongsu, city: Path) -> None:
    three(bongsu, city)
    assert bongsu("audit", "verify", "--anchor", "0" * 64, "--city", city).exit_code == 1


def test_there_is_nothing_to_verify_before_there_is_a_record(bongsu: Bongsu, city: Path) -> None:
    told = bongsu("audit", "verify", "--city", city)
    assert told.exit_code == 1
    assert "store-missing" in told.stderr
    assert not (city / "bongsu.db").exists()
