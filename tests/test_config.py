"""A city's settings: what a good folder means, every fault of a bad one in its line, and secrets that stay secret."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import Backups, Database, Mode, Secret, SecretPlace, read, read_playbooks, read_secret
from gateway.fault import BadInput, Faults, Finding, Missing
from gateway.incident import Status

HANBAT = Path(__file__).parents[1] / "gateway" / "demo" / "hanbat"
CITY = (HANBAT / "city.toml").read_text()

MakeCity = Callable[[str], Path]


@pytest.fixture(name="city")
def _city(tmp_path: Path) -> MakeCity:
    def make(text: str) -> Path:
        (tmp_path / "city.toml").write_text(text)
        return tmp_path

    return make


def findings(folder: Path) -> list[Finding]:
    with pytest.raises(Faults) as caught:
        read(folder)
    assert {finding.file for finding in caught.value.findings} == {str(folder / "city.toml")}
    return list(caught.value.findings)


def test_hanbat_is_read_literally() -> None:
    settings = read(HANBAT)
    assert (settings.code, settings.mode, settings.status) == ("hanbat", Mode.EXERCISE, Status.EXERCISE)
    assert (settings.name, settings.languages) == ({"ko": "한밭시", "en": "Hanbat"}, ("ko", "en", "zh-Hans", "ja", "vi", "th"))
    assert (settings.timezone, settings.sender) == ("Asia/Seoul", "alerts@hanbat.example")
    assert (settings.server.host, settings.server.port, settings.store) == ("127.0.0.1", 8080, HANBAT / "bongsu.db")
    assert settings.duty.secret == SecretPlace(file=HANBAT / "secrets" / "duty")
    river = settings.sources["river-telemetry"]
    assert (river.adapter, river.auth, river.hazards) == ("river_sensorthings", "standard-webhooks", frozenset({"flash-flood"}))
    assert (river.default_status, river.zones, river.rate_per_minute) == (Status.EXERCISE, frozenset(), 600.0)
    assert river.settings == {"datastreams": {"Hannae Bridge water level": "G-03"}}
    assert {name: (one.kind, set(one.accepts), set(one.targets)) for name, one in settings.channels.items()} == {
        "cap": ("cap", {Status.EXERCISE}, {"broadcaster"}),
        "webhook": ("webhook", {Status.EXERCISE}, {"city-app"}),
        "signs": ("sign", {Status.EXERCISE}, {"road-signs"}),
        "broadcast": ("cell_broadcast", {Status.EXERCISE}, {"carriers"}),
        "mail": ("email", {Status.EXERCISE}, {"wards"}),
    }
    assert settings.channels["webhook"].targets["city-app"].private
    assert settings.places["hannae-bridge"] == {"ko": "한내대교", "en": "Hannae Bridge"}
    assert not settings.reviewed_only


def test_hanbat_s_playbooks_name_only_what_the_city_has() -> None:
    settings, books = read(HANBAT), read_playbooks(HANBAT)
    assert {"river-flood", "festival-crowd", "earthquake", "line-suspended", "missing-child"} < set(books)
    targets = {f"{channel}/{target}" for channel, one in settings.channels.items() for target in one.targets}
    for book in books.values():
        assert {target for level in book.levels for target in level.targets} <= targets
        assert book.watch is None or book.watch.source in settings.sources


def test_what_is_left_out_has_its_default(city: MakeCity) -> None:
    cut = CITY[: CITY.index("[server]")] + '[duty]\nurl = "https://duty.example/page"\nsecret_env = "DUTY"\n'
    folder = city(cut.replace('mode = "exercise"\n', ""))
    settings = read(folder)
    assert (settings.mode, settings.store, settings.server.port) == (Mode.EXERCISE, folder / "bongsu.db", 8080)
    assert (settings.sources, settings.channels, settings.places) == ({}, {}, {})
    assert settings.duty.secret == SecretPlace(env="DUTY")


def test_the_record_may_be_kept_in_a_database_whose_password_stands_elsewhere(city: MakeCity) -> None:
    told = 'url = "postgresql://bongsu@db1,db2:5433/bongsu?sslmode=verify-full"\nsecret_file = "secrets/db"\nnode = "a"'
    folder = city(CITY.replace('path = "bongsu.db"', told))
    assert read(folder).database == Database(
        url="postgresql://bongsu@db1,db2:5433/bongsu?sslmode=verify-full",
        secret=SecretPlace(file=folder / "secrets" / "db"),
        node="a",
    )


@pytest.mark.parametrize(
    "told",
    [
        'url = "postgresql:///bongsu"',
        'url = "postgresql://bongsu@localhost:5433,[::1]:5434/bongsu"',
        'url = "postgresql://bongsu@/bongsu?host=/run/postgresql"',
        'url = "postgresql://bongsu@db1,[2001:db8::7]:5433/bongsu?sslmode=verify-ca"',
        'url = "postgresql://bongsu@db1/bongsu"\nplain = true',
    ],
)
def test_a_database_elsewhere_proves_who_it_is_unless_the_city_knows_better(city: MakeCity, told: str) -> None:
    assert read(city(CITY.replace('path = "bongsu.db"', told))).database is not None


def test_a_live_city_lives_in_the_actual_world_and_wants_reviewed_phrases(city: MakeCity) -> None:
    live = CITY.replace('mode = "exercise"', 'mode = "live"').replace('base_url = "http://', 'base_url = "https://')
    settings = read(city(live.replace('accepts = ["exercise"]', 'accepts = ["actual"]')))
    assert (settings.status, settings.reviewed_only) == (Status.ACTUAL, True)
    assert not read(city(live + "\n[approval]\nreviewed_only = false\n")).reviewed_only


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


@pytest.mark.parametrize(
    ("old", "new", "rule", "at", "hint"),
    [
        ("timezone =", "timzone =", "schema-unknown-field", "timzone", "did you mean 'timezone'?"),
        ('secret_file = "secrets/duty"', 'secret = "hunter2"', "schema-unknown-field", "hunter2", "secret_"),
        ("port = 8080", 'port = "8080"', "schema-type", "port", "0 takes any free port."),
        ('"Asia/Seoul"', '"Asia/Hanbat"', "timezone-unknown", "Asia/Hanbat", "Asia/Seoul"),
        ('"Asia/Seoul"', '"../../etc/passwd"', "timezone-unknown", "passwd", "Asia/Seoul"),
        ('["ko", "en", "zh-Hans", "ja", "vi", "th"]', '["ko", "xxxx"]', "schema-pattern", "languages", "language tag"),
        ('["ko", "en", "zh-Hans", "ja", "vi", "th"]', '["ko", "qq"]', "language-unknown", "languages", "BCP 47"),
        ('["ko", "en", "zh-Hans", "ja", "vi", "th"]', '["ko", "ko"]', "schema-unique-items", "languages", "default first"),
        ('["ko", "en", "zh-Hans", "ja", "vi", "th"]', '["ja", "en"]', "name-missing", "name = {", "default language"),
        ('sender = "alerts@', 'sender = "alerts, ', "schema-pattern", "sender =", "no spaces, commas"),
        ('en = "Hanbat" }', 'en = "Han\\u202ebat" }', "text-bidi", "name = {", "remove"),
        ('ko = "한내대교"', 'ko = "한내\\n대교"', "text-control", "\\n", "plain text"),
        (':8080"', ':8080/"', "schema-pattern", "base_url", "without a slash"),
        ("http://127.0.0.1:9101", "http://user:pass@127.0.0.1", "schema-pattern", "user:pass", "without user or password"),
        ("http://127.0.0.1:9101/cap", "file:///etc/passwd", "schema-pattern", "passwd", "https://host/path"),
        ("http://127.0.0.1:9101/cap", "http://10.0.0.7/cap", "url-plain", "10.0.0.7", "plain = true"),
        ("http://127.0.0.1:9101/cap", "http://[::1", "schema-format", "http://[", "https://host/path"),
        ('secret_file = "secrets/river-telemetry"\n', "", "secret-missing", "[sources.river", "secret_file"),
        ('auth = "standard-webhooks"', 'auth = "bearer"', "secret-unused", 'secret_file = "secrets/river', "bongsu key add"),
        ('secret_file = "secrets/duty"', 'secret_file = "x"\nsecret_env = "X"', "secret-twice", "secret_env", "keep"),
        ('secret_file = "secrets/duty"\n', "", "secret-missing", "[duty]", "secret_env"),
        ('default_status = "exercise"', 'default_status = "actual"', "status-refused", "default_status", "exercise"),
        ('accepts = ["exercise"]', 'accepts = ["exercise", "actual"]', "accepts-actual", "accepts", "exercise"),
        ('accepts = ["exercise"]', 'accepts = "live"', "schema-type", "accepts", "worlds"),
        ('mode = "exercise"', 'mode = "live"', "url-plain", "base_url", "https://"),
        ('path = "bongsu.db"', 'url = "postgresql://me:pw@db/x"', "schema-pattern", "me:pw", "without a password"),
        ('path = "bongsu.db"', 'url = "mysql://db/x"', "schema-pattern", "mysql", "PostgreSQL"),
        ('path = "bongsu.db"', 'url = "postgresql://db/x"', "url-plain", "postgresql", "verify-full"),
        ('path = "bongsu.db"', 'url = "postgresql://db/x?sslmode=require"', "url-plain", "postgresql", "plain = true"),
        ('path = "bongsu.db"', 'url = "postgresql://[::1]:1,db:2/x?sslmode=prefer"', "url-plain", "postgresql", "verify-full"),
        ('path = "bongsu.db"', 'url = "postgresql:///x?host=/run/pg,10.0.0.9"', "url-plain", "postgresql", "verify-full"),
        ('path = "bongsu.db"', 'url = "postgresql://localhost:54x2/x"', "store-url", "54x2", "host:port"),
        ('path = "bongsu.db"', 'url = "postgresql://localhost,[::1]:99999/x"', "store-url", "99999", "host:port"),
        ('path = "bongsu.db"', 'url = "postgresql://localhost,/x"', "store-url", "localhost,", "host:port"),
        ('path = "bongsu.db"', 'url = "postgresql:///x?host=/run/pg,/run/other&port=5432,0"', "store-url", "5432,0", "host:port"),
        ('path = "bongsu.db"', 'url = "postgresql:///x?connect_timeout=5"', "store-url", "connect_timeout", "take it out"),
        ('path = "bongsu.db"', 'url = "postgresql:///x?synchronous_commit=local"', "store-url", "synchronous", "take it out"),
        ('path = "bongsu.db"', "plain = true", "store-file", "plain", "name a url"),
        ('path = "bongsu.db"', 'url = "postgresql:///x?password=y"', "secret-in-url", "password", "secret_file"),
        ('path = "bongsu.db"', 'url = "postgresql:///x"\npath = "y"', "store-twice", 'path = "y"', "path or url"),
        ('path = "bongsu.db"', 'path = "y"\nnode = "a"', "store-file", 'node = "a"', "name a url"),
        ("rate_per_minute = 600", "rate_per_minute = 0", "schema-exclusive-minimum", "rate_per_minute", "in a minute"),
    ],
)  # fmt: skip
def test_a_fault_is_told_in_its_line_with_a_way_to_mend_it(  # noqa: PLR0913, PLR0917 - one row of the table
    city: MakeCity, old: str, new: str, rule: str, at: str, hint: str
) -> None:
    text = CITY.replace(old, new)
    assert text != CITY
    found = [finding for finding in findings(city(text)) if finding.rule == rule and finding.line == line_of(text, at)]
    assert found
    assert hint in found[0].hint


def test_every_contradiction_comes_at_once(city: MakeCity) -> None:
    text = CITY.replace("Asia/Seoul", "Moon/Base").replace('default_status = "exercise"', 'default_status = "actual"')
    text = text.replace('auth = "standard-webhooks"', 'auth = "bearer"').replace("http://127.0.0.1:9100", "http://10.1.1.1")
    rules = sorted(finding.rule for finding in findings(city(text)))
    assert rules == [*["secret-unused"] * 3, *["status-refused"] * 5, "timezone-unknown", "url-plain"]


def test_a_secret_written_into_the_file_is_not_repeated_in_the_complaint(city: MakeCity) -> None:
    text = CITY.replace('secret_file = "secrets/duty"', 'secret = "whsec_hunter2"').replace(
        "127.0.0.1:9101", "me:hunter2@127.0.0.1"
    )
    assert all("hunter2" not in finding.message + finding.hint for finding in findings(city(text)))


def test_an_empty_folder_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Faults) as caught:
        read(tmp_path)
    assert [(finding.rule, finding.file) for finding in caught.value.findings] == [("file-missing", str(tmp_path / "city.toml"))]


def test_the_faults_of_all_playbooks_come_together(tmp_path: Path) -> None:
    folder = tmp_path / "playbooks"
    folder.mkdir()
    good = (HANBAT / "playbooks" / "structure-fire.toml").read_text()
    (folder / "a.toml").write_text(good.replace('debounce = "2m"', 'debounce = "soon"'))
    (folder / "b.toml").write_text(good)
    (folder / "c.toml").write_text("nothing")
    with pytest.raises(Faults) as caught:
        read_playbooks(tmp_path)
    assert [(Path(finding.file).name, finding.rule) for finding in caught.value.findings] == [
        ("a.toml", "schema-pattern"),
        ("c.toml", "toml-syntax"),
    ]


# Secrets


def secret_file(folder: Path, mode: int, content: bytes = b"hunter2\n") -> Path:
    file = folder / "secret"
    file.write_bytes(content)
    file.chmod(mode)
    return file


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_nobody_else_can_read_gives_its_secret(tmp_path: Path, mode: int) -> None:
    assert read_secret(SecretPlace(file=secret_file(tmp_path, mode))).reveal() == "hunter2"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o601, 0o777])
def test_a_file_that_others_can_touch_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    file = secret_file(tmp_path, mode)
    with pytest.raises(BadInput) as caught:
        read_secret(SecretPlace(file=file))
    assert caught.value.code == "secret-exposed"
    assert f"chmod 600 {file}" in caught.value.hint
    assert "hunter2" not in str(caught.value)
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert read_secret(SecretPlace(file=file)).reveal() == "hunter2"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "secret-empty"), (b" \n", "secret-empty"), (b"x" * 4097, "secret-too-large"), (b"\xff\xfe", "secret-encoding")],
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(BadInput, match=f"^{code}"):
        read_secret(SecretPlace(file=secret_file(tmp_path, 0o600, content)))


def test_a_pipe_is_no_secret_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(BadInput, match=r"^secret-exposed"):
        read_secret(SecretPlace(file=tmp_path / "pipe"))


def test_a_missing_file_or_variable_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Missing) as caught:
        read_secret(SecretPlace(file=tmp_path / "nowhere"))
    assert (caught.value.code, "chmod 600" in caught.value.hint) == ("secret-missing", True)
    with pytest.raises(Missing, match="DUTY is not set"):
        read_secret(SecretPlace(env="DUTY"), {"OTHER": "x"})


def test_a_variable_gives_its_secret() -> None:
    assert read_secret(SecretPlace(env="DUTY"), {"DUTY": "hunter2\n"}).reveal() == "hunter2"


def test_a_secret_shows_itself_to_nobody_who_does_not_ask() -> None:
    secret = Secret("hunter2")
    assert [repr(secret), str(secret), f"{secret}", f"{[secret]}"] == [
        "Secret(...)",
        "Secret(...)",
        "Secret(...)",
        "[Secret(...)]",
    ]
    assert not hasattr(secret, "__dict__")


def test_backups_are_named_with_their_folder(city: MakeCity) -> None:
    told = 'path = "bongsu.db"\nbackup = "backups"\nbackup_every_h = 6\nbackups_kept = 3'
    folder = city(CITY.replace('path = "bongsu.db"', told))
    assert read(folder).backups == Backups(folder=folder / "backups", every_h=6, kept=3)
    assert read(city(CITY)).backups is None
    [found] = findings(city(CITY.replace('path = "bongsu.db"', 'path = "bongsu.db"\nbackups_kept = 3')))
    assert (found.rule, found.line) == ("backup-nowhere", 1 + CITY.splitlines().index('path = "bongsu.db"') + 1)
