import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage
from lxml import etree

from tests.cli.conftest import HANBAT, Bongsu, Program, incident, lines

CAP = {"cap": "urn:oasis:names:tc:emergency:cap:1.2"}
NOW = "2026-07-14T18:20:10+09:00"
ONSET = "2026-07-14T18:20:00+09:00"


@pytest.fixture
def fire(tmp_path: Path) -> Path:
    return written(tmp_path)


def written(folder: Path, **more: object) -> Path:
    """Write an incident of that evening into a file."""
    file = folder / "incident.json"
    file.write_text(json.dumps({name: value for name, value in incident(**{"onset": ONSET} | more).items() if value is not None}))
    return file


def said(alert: etree._Element, path: str) -> list[str]:
    """Return the texts at a place of a CAP document."""
    return [text.text or "" for text in alert.findall(path, CAP)]


def test_cap_is_the_stamped_document_alone_on_stdout(fire: Path, program: Program) -> None:
    process = program("translate", fire, "--to", "cap", "--now", NOW)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    alert = etree.fromstring(out)
    assert said(alert, "cap:sent") == [NOW]
    assert said(alert, "cap:status") == ["Exercise"]
    assert said(alert, "cap:info/cap:language") == ["ko", "en", "zh-Hans", "ja", "vi", "th"]
    assert said(alert, "cap:info/cap:event") == [
        "[훈련] 건물 화재",
        "[EXERCISE] Building fire",
        "[演习] 建筑火灾",
        "[訓練] 建物火災",
        "[DIỄN TẬP] Cháy tòa nhà",
        "[ฝึกซ้อม] เพลิงไหม้อาคาร",
    ]
    assert said(alert, "cap:info/cap:severity") == ["Severe"] * 6
    assert said(alert, "cap:info/cap:onset") == [ONSET] * 6
    assert said(alert, "cap:info/cap:expires") == ["2026-07-14T21:20:10+09:00"] * 6
    assert said(alert, "cap:info/cap:area/cap:polygon") == ["36.36,127.35 36.36,127.36 36.37,127.36 36.36,127.35"] * 6


def test_the_same_incident_at_the_same_time_gives_the_same_bytes(bongsu: Bongsu, fire: Path) -> None:
    words = ("translate", fire, "--to", "cap", "--now", NOW)
    assert bongsu(*words).stdout_bytes == bongsu(*words, "--city", HANBAT).stdout_bytes
    (told,) = lines(bongsu(*words, "--json"))
    assert told["document"].encode() == bongsu(*words).stdout_bytes
    assert f"<identifier>{told['identifier']}</identifier>" in told["document"]


def test_gtfs_realtime_is_a_binary_feed(fire: Path, program: Program) -> None:
    process = program("translate", fire, "--to", "gtfs-realtime", "--now", NOW)
    out, _ = process.communicate()
    feed = FeedMessage.FromString(out)
    (entity,) = feed.entity
    assert feed.header.timestamp == int(datetime.fromisoformat(NOW).timestamp())
    assert {one.language for one in entity.alert.header_text.translation} == {"ko", "en", "zh", "ja", "vi", "th"}
    assert [one.stop_id for one in entity.alert.informed_entity if one.stop_id]


def test_gtfs_realtime_as_json_says_the_same(bongsu: Bongsu, fire: Path) -> None:
    words = ("translate", fire, "--to", "gtfs-realtime", "--now", NOW)
    feed = FeedMessage.FromString(bongsu(*words).stdout_bytes)
    (told,) = lines(bongsu(*words, "--json"))
    (ours,) = told["entity"]
    assert ours["id"] == feed.entity[0].id
    assert [one.get("stop_id", "") for one in ours["alert"]["informed_entity"]] == [
        one.stop_id for one in feed.entity[0].alert.informed_entity
    ]


def test_one_language_may_be_asked_for(bongsu: Bongsu, fire: Path) -> None:
    told = bongsu("translate", fire, "--to", "cap", "--language", "en", "--now", NOW)
    assert said(etree.fromstring(told.stdout_bytes), "cap:info/cap:language") == ["en"]
    told = bongsu("translate", fire, "--to", "cap", "--language", "fr", "--now", NOW)
    assert (told.exit_code, told.stdout) == (3, "")
    assert "language-unknown" in told.stderr
    assert "ko, en" in told.stderr


def test_now_is_now_in_the_citys_own_time(bongsu: Bongsu, tmp_path: Path) -> None:
    file = tmp_path / "incident.json"
    file.write_text(json.dumps(incident()))
    (sent,) = said(etree.fromstring(bongsu("translate", file, "--to", "cap").stdout_bytes), "cap:sent")
    assert sent.endswith("+09:00")
    assert abs((datetime.fromisoformat(sent) - datetime.now(UTC)).total_seconds()) < 60


def test_what_touches_no_network_is_an_empty_feed_and_says_so(bongsu: Bongsu, tmp_path: Path) -> None:
    corner = [[127.3, 36.3], [127.3001, 36.3], [127.3001, 36.3001], [127.3, 36.3]]
    zones = json.loads((HANBAT / "zones.geojson").read_text())["features"]
    drawn = next(zone["geometry"] for zone in zones if zone["properties"]["code"] == "9914010400")
    west, south = min(map(tuple, drawn["coordinates"][0]))
    corner = [[west + x / 1e5, south + y / 1e5] for x, y in ((0, 0), (5, 0), (5, 5), (0, 0))]
    areas = [{"role": "danger", "name": {"ko": "가", "en": "A"}, "geometry": {"type": "Polygon", "coordinates": [corner]}}]
    told = bongsu("translate", written(tmp_path, areas=areas), "--to", "gtfs-realtime", "--now", NOW)
    assert told.exit_code == 0, told.stderr
    assert not FeedMessage.FromString(told.stdout_bytes).entity
    assert "transit-untouched" in told.stderr


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        ({"severity": "bad"}, 3, ("schema-enum", "/severity")),
        ({"hazard": "dragon"}, 3, ("hazard-unknown", "/hazard")),
        ({"onset": "2026-07-14T18:20:00"}, 3, ("/onset",)),
        ({"onset": "2027-07-14T18:20:00+09:00"}, 3, ("time-future", "/onset", "clock")),
        ({"expires": "2026-07-14T18:00:00+09:00"}, 3, ("time-absurd", "/expires")),
        ({"areas": None}, 3, ("schema-any-of", "areas", "transit")),
        ({"hazard": "tsunami"}, 3, ("playbook-missing",)),
        ({"ended": {"reason": "over", "at": ONSET}}, 3, ("incident-ended", "/ended")),
        ({"scope": "private"}, 3, ("incident-not-public", "/scope")),
        ({"status": "actual"}, 4, ("status-refused", "/status")),
    ],
)
def test_bad_input_is_refused_with_code_path_and_mend(
    bongsu: Bongsu, tmp_path: Path, more: dict[str, object], code: int, told: tuple[str, ...]
) -> None:
    answer = bongsu("translate", written(tmp_path, **more), "--to", "cap", "--now", NOW)
    assert (answer.exit_code, answer.stdout) == (code, ""), answer.stderr
    for word in told:
        assert word in answer.stderr


def test_swapped_coordinates_are_refused(bongsu: Bongsu, tmp_path: Path) -> None:
    ring = [[36.36, 127.35], [36.36, 127.36], [36.37, 127.36], [36.36, 127.35]]
    areas = [{"role": "danger", "geometry": {"type": "Polygon", "coordinates": [ring]}}]
    answer = bongsu("translate", written(tmp_path, areas=areas), "--to", "cap", "--now", NOW)
    assert answer.exit_code == 3
    assert "/areas/0/geometry" in answer.stderr


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"id": NaN}', b"[" * 100_000])
def test_what_is_no_incident_at_all_is_refused(bongsu: Bongsu, tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "incident.json"
    file.write_bytes(body)
    answer = bongsu("translate", file, "--to", "cap")
    assert (answer.exit_code, answer.stdout) == (3, "")


def test_an_incident_may_come_by_a_pipe(fire: Path, program: Program) -> None:
    process = program("translate", "-", "--to", "cap", "--now", NOW, stdin=subprocess.PIPE)
    out, _ = process.communicate(fire.read_bytes())
    assert said(etree.fromstring(out), "cap:sent") == [NOW]


def test_a_naive_now_is_wrong_usage(bongsu: Bongsu, fire: Path) -> None:
    assert bongsu("translate", fire, "--to", "cap", "--now", "2026-07-14T18:20").exit_code == 2
    assert bongsu("translate", fire, "--to", "smoke", "--now", NOW).exit_code == 2


def test_a_cell_broadcast_is_one_korean_message_whose_pages_say_it(fire: Path, program: Program) -> None:
    out, err = program("translate", fire, "--to", "cell-broadcast", "--now", NOW, "--json").communicate()

    document = json.loads(out)
    [message] = document["messages"]
    octets = [bytes.fromhex(page) for page in message["pages"]]
    assert (message["language"], message["message_id"], message["dcs"]) == ("ko", 4381, 0x48)
    assert {len(page) for page in octets} == {82}
    assert b"".join(octets).decode("utf-16-be").rstrip("\r") == message["text"]
    assert message["text"].startswith("[훈련]")
    assert message["text"].isascii() is False
    assert len(message["text"]) <= 157
    assert document["cells"]
    assert document["shown"] == ["KR 4381: not shown: phones in Korea do not listen to exercises"]
    assert b"error" not in err


def test_an_app_gets_every_language_and_the_nearest_shelters(fire: Path, program: Program) -> None:
    out, _ = program("translate", fire, "--to", "app", "--now", NOW).communicate()

    entry = json.loads(out)
    assert list(entry["texts"]) == ["en", "ja", "ko", "th", "vi", "zh-Hans"]
    assert 1 <= len(entry["shelters"]) <= 3
    assert [one["metres"] for one in entry["shelters"]] == sorted(one["metres"] for one in entry["shelters"])
