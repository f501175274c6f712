"""Drills and earnest never meet: the table of the worlds, walked from the source to the far sides and the feeds."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.engine import Changes
from gateway.fault import Conflict, Missing, Refused
from gateway.formats import gtfs_realtime
from gateway.incident import Scope, Status
from tests.engine.conftest import Opening, Planning
from tests.engine.hall import CITY_APP, KIM, Hall, copied, plan_of, report, rewrite, version

STOPS = [{"stop": "H05E", "closed": True}]


def _live(folder: Path) -> None:
    """Make Hanbat a live city: its broadcaster takes the actual alone, its app drills too, and its river names no world."""
    rewrite(folder / "city.toml", _in_earnest)


def _in_earnest(text: str) -> str:
    changes = {
        'mode = "exercise"': 'mode = "live"',
        "http://127.0.0.1:8080": "https://alerts.hanbat.example",
        'kind = "cap"\naccepts = ["exercise"]': 'kind = "cap"\naccepts = ["actual"]',
        'kind = "webhook"\naccepts = ["exercise"]': 'kind = "webhook"\naccepts = ["actual", "exercise", "test"]',
        'auth = "bearer"\ndefault_status = "exercise"\n': 'auth = "bearer"\n',
        'rate_per_minute = 600\ndefault_status = "exercise"': 'default_status = "actual"',
    }
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text + "\n[approval]\nreviewed_only = false\n"


@pytest.fixture
async def live(planning: Planning, opening: Opening) -> Hall:
    """Hanbat in earnest."""
    return await opening(planning(_live))


async def shown(hall: Hall, alert: str) -> Mapping[str, bool]:
    """Tell what of the public feeds speaks of an alert."""
    atom = await hall.feeds.current("/feeds/cap.atom")
    transit = await hall.feeds.current("/feeds/gtfs-realtime/alerts.pb")
    assert atom is not None
    assert transit is not None
    try:
        document = bool((await hall.feeds.document(f"{alert}.1")).body)
    except Missing:
        document = False
    entities = [entity.id for entity in gtfs_realtime.read(transit.body).entity]
    return {"index": alert.encode() in atom.body, "document": document, "transit": alert in entities}


async def test_in_an_exercise_the_actual_is_refused_at_the_door(hall: Hall) -> None:
    (one,) = (await hall.sends(report(status="actual"))).items
    assert (one.accepted, one.code, one.path) == (False, "status-refused", "/status")
    with pytest.raises(Refused) as refused:
        await hall.drafted(status="actual")
    assert refused.value.code == "status-refused"
    assert await hall.drafts() == []


async def test_in_an_exercise_what_names_no_world_is_an_exercise_from_end_to_end(hall: Hall) -> None:
    await hall.sends(report(transit=STOPS))
    (record,) = await hall.drafts()
    await hall.issued(record)
    await hall.delivers()
    (message,) = hall.far.cap()
    assert message.status == "Exercise"
    assert all(
        info.headline.startswith(("[훈련]", "[EXERCISE]", "[演习]", "[訓練]", "[DIỄN TẬP]", "[ฝึกซ้อม]")) for info in message.infos
    )
    assert [(one.status, one.kind) for one in hall.far.app()] == [(Status.EXERCISE, "alert")]
    assert await shown(hall, record.id) == {"index": True, "document": True, "transit": True}


async def test_in_an_exercise_a_test_goes_where_tests_are_taken_and_says_what_it_is(planning: Planning, opening: Opening) -> None:
    def takes_tests(folder: Path) -> None:
        rewrite(
            folder / "city.toml", lambda text: text.replace('"webhook"\naccepts = ["exercise"]', '"webhook"\naccepts = ["test"]')
        )

    hall = await opening(planning(takes_tests))
    record = await hall.told(status="test", transit=STOPS)
    assert hall.far.cap() == []
    assert [one.texts["en"].headline[:6] for one in hall.far.app()] == ["[TEST]"]
    assert [found.rule for found in version(record).findings if found.path == "/targets"] == ["target-world"]
    assert await shown(hall, record.id) == {"index": True, "document": True, "transit": True}


async def test_in_earnest_the_actual_goes_to_everybody_unmarked(live: Hall) -> None:
    await live.sends(report(status="actual", transit=STOPS))
    (record,) = await live.drafts()
    await live.issued(record)
    await live.delivers()
    assert [one.status for one in live.far.cap()] == ["Actual"]
    assert "[" not in live.far.app()[0].texts["en"].headline
    assert await shown(live, record.id) == {"index": True, "document": True, "transit": True}


async def test_in_earnest_what_names_no_world_is_refused(live: Hall) -> None:
    (one,) = (await live.sends(report())).items
    assert (one.accepted, one.code, one.path) == (False, "status-missing", "/status")
    assert await live.codes() == ["status-missing"]


@pytest.mark.parametrize("status", ["exercise", "test"])
async def test_in_earnest_a_drill_reaches_only_peers_that_take_it_and_no_feed(live: Hall, status: str) -> None:
    await live.sends(report(status=status, transit=STOPS))
    (record,) = await live.drafts()
    assert [f"{target.channel}/{target.target}" for target in version(record).targets] == ["webhook/city-app"]
    await live.issued(record)
    await live.delivers()
    assert [one.url for one in live.far.arrived] == [CITY_APP]
    assert await shown(live, record.id) == {"index": False, "document": False, "transit": False}
    live.clock.passes(minutes=3)
    await live.gateway.cancel(record.id, "the drill is over", KIM)
    await live.delivers()
    assert [one.kind.value for one in live.far.app()] == ["alert", "cancel"]
    with pytest.raises(Missing):
        await live.feeds.document(f"{record.id}.2")


async def test_in_earnest_a_drill_is_not_edited_onto_a_live_channel(live: Hall) -> None:
    record = await live.drafted(status="exercise")
    record = await live.gateway.edit(record.id, record.revision, Changes(targets=("cap/broadcaster",)), KIM)
    with pytest.raises(Refused) as refused:
        await live.gateway.submit(record.id, record.revision, KIM)
    assert (refused.value.code, refused.value.path) == ("world", "/targets")


async def test_a_drill_in_a_live_lane_is_stopped_at_the_very_last_door(
    live: Hall, hanbat: Path, tmp_path: Path, opening: Opening
) -> None:
    record = await live.issued(await live.drafted(status="exercise"))
    folder = copied(hanbat, tmp_path / "stricter")
    rewrite(folder / "city.toml", _in_earnest)
    rewrite(folder / "city.toml", lambda text: text.replace('accepts = ["actual", "exercise", "test"]', 'accepts = ["actual"]'))
    stricter = await opening(plan_of(folder, live.clock))
    await stricter.delivers()
    assert stricter.far.arrived == []
    assert (await live.deliveries(record.id))[1, "webhook/city-app", "message"] == "refused"
    assert "delivery-wrong-world" in await stricter.codes()


async def test_a_drill_is_no_twin_of_the_actual(live: Hall) -> None:
    await live.told(status="exercise")
    record = await live.drafted(id="call-2", status="actual")
    assert (await live.gateway.submit(record.id, record.revision, KIM)).open is not None


async def test_a_person_hazard_is_not_for_everybody_unless_it_says_so(hall: Hall) -> None:
    (one,) = (await hall.sends(report(scope="restricted"))).items
    assert one.accepted
    assert await hall.drafts() == []
    assert "incident-not-public" in await hall.codes(), "who answers such calls must hear of it"
    with pytest.raises(Conflict) as refused:
        await hall.drafted(scope="private")
    assert refused.value.code == "nothing-to-tell"
    record = await hall.drafted(id="call-2")
    assert version(record).scope is Scope.PUBLIC
