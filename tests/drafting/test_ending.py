"""What takes an alert back speaks to the same people, in their languages, of the same places."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from gateway import drafting
from gateway.alert import Kind, Target
from gateway.drafting import Desk, Over
from gateway.engine import Plan
from gateway.fault import BadInput
from tests.drafting.writing import brief, drafted
from tests.engine.hall import DAWN, ELSEWHERE, Clock, area, build, incident, plan_of


def test_half_a_list_of_places_is_told_in_no_language(plan: Plan) -> None:
    korean_only = area(ELSEWHERE, name={"ko": "북쪽 들"})
    version = drafted(plan, incident(areas=[area(ELSEWHERE, name={"ko": "둔치", "en": "Riverside"}), korean_only]))
    names = {language: [place.name[language] for place in version.places] for language in ("ko", "en")}
    assert all(name in version.text("en").description for name in names["en"])
    bare = tuple(msgspec.structs.replace(place, name={"ko": place.name["ko"]}) for place in version.places[1:])
    half = msgspec.structs.replace(version, places=(version.places[0], *bare))
    told = drafting.closing(Over(kind=Kind.CANCEL, number=2, reason="", now=DAWN), half, plan.desk)
    assert "Riverside" not in told.text("en").description


@pytest.mark.parametrize(("kind", "responses"), [(Kind.END, ("AllClear",)), (Kind.CANCEL, ("Evacuate", "Avoid"))])
def test_an_end_and_a_cancel_speak_to_the_same_people_for_a_day(
    plan: Plan, desk: Desk, kind: Kind, responses: tuple[str, ...]
) -> None:
    told = msgspec.structs.replace(drafted(plan, incident()), identifier="hanbat-1.1", withdrawn=(Target("cap", "broadcaster"),))
    over = drafting.closing(Over(kind=kind, number=2, reason="why", now=DAWN + timedelta(hours=1)), told, desk)
    assert (over.kind, over.number, over.reason, over.responses) == (kind, 2, "why", responses)
    assert (over.places, over.targets, over.status) == (told.places, told.targets, told.status)
    assert (over.identifier, over.withdrawn, over.references) == ("", (), ())
    assert over.expires == DAWN + timedelta(hours=25)


def test_what_was_told_can_be_taken_back_when_a_place_has_lost_its_name(tmp_path: Path) -> None:
    before = plan_of(build(tmp_path / "hanbat"), Clock())
    told = drafted(before, incident(facts={"place": "hannae-bridge"}))
    city = type(before.desk.city)(before.desk.city.zones, before.desk.city.network, {})
    desk = msgspec.structs.replace(before.desk, city=city)
    over = drafting.closing(Over(kind=Kind.CANCEL, number=2, reason="", now=DAWN), told, desk)
    assert over.text("ko").headline.startswith("[훈련]")
    with pytest.raises(BadInput, match="hannae-bridge"):
        drafting.draft(brief(before, incident(facts={"place": "hannae-bridge"})), desk)


def test_a_cancel_is_told_in_the_languages_people_were_told_in(plan: Plan, desk: Desk) -> None:
    told = drafted(plan, incident())
    korean = msgspec.structs.replace(told, texts=(told.text("ko"),), left_out=("en",))
    over = drafting.closing(Over(kind=Kind.CANCEL, number=2, reason="", now=DAWN), korean, desk)
    assert ([text.language for text in over.texts], over.left_out) == (["ko"], ("en", "ja", "th", "vi", "zh-Hans"))
