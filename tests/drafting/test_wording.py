"""What a channel needs beside the fields that all share is drafted with them, frozen with them, and edited like them."""

from collections.abc import Sequence

import msgspec
import pytest
from msgspec import Struct

from gateway import drafting
from gateway.alert import Kind, Version
from gateway.channel import Abilities, History, Out, Outcome, Payload, Verdict
from gateway.engine import Changes, Plan
from gateway.engine.changes import apply
from gateway.fault import BadInput
from tests.drafting.writing import drafted
from tests.engine.hall import DAWN, incident


class Roadside(Struct, frozen=True):
    """A channel of two signs, which shows the text of its class and no other."""

    name: str = "roadside"
    targets: tuple[str, ...] = ("north", "south")
    abilities: Abilities = Abilities(history=History.LATEST, classes=frozenset({"sign", "cell-broadcast-90"}))

    def render(self, version: Version) -> Sequence[Payload]:
        """Show the Korean lines."""
        body = version.text("ko").classes["sign"].encode()
        return [Payload(channel=self.name, target=target, body=body, media_type="text/plain") for target in self.targets]

    async def send(self, payload: Payload, delivery: str, out: Out) -> Outcome:
        """Believe that it shines."""
        del payload, delivery, out
        return Outcome(verdict=Verdict.ON_AIR)


@pytest.fixture
def lit(plan: Plan) -> Plan:
    """Hanbat with signs."""
    channels = {**plan.desk.channels, "roadside": Roadside()}
    return msgspec.structs.replace(plan, desk=msgspec.structs.replace(plan.desk, channels=channels))


def test_a_draft_has_the_texts_that_its_channels_ask_for(lit: Plan) -> None:
    version = drafted(lit, incident())
    assert [sorted(text.classes) for text in version.texts[:2]] == [["cell-broadcast-90", "sign"], ["sign"]]
    assert Roadside().render(version)[0].body.decode() == "[훈련] 즉시 대피\n한내 둔치 건물 화재"


def test_a_city_without_such_channels_has_none(plan: Plan) -> None:
    assert {len(text.classes) for text in drafted(plan, incident()).texts} == {0}


def _edited(lit: Plan, **korean: str) -> Version:
    return apply(Changes(texts={"ko": korean}), drafted(lit, incident()), lit, DAWN)


def test_an_operator_rewords_a_sign_alone_and_a_drill_goes_on_saying_so(lit: Plan) -> None:
    before, after = drafted(lit, incident()).text("ko"), _edited(lit, sign="한내 둔치 침수\n즉시 대피").text("ko")
    assert after.classes == {**before.classes, "sign": "[훈련] 한내 둔치 침수\n즉시 대피"}
    assert (after.short, after.reviewed) == (before.short, False)


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("sign", "한내 둔치 산책로가 모두 침수되었습니다", "words-too-long"),
        ("sign", "하나\n둘\n셋", "words-too-long"),
        ("sign", "[훈련] ", "text-blank"),
        ("sign", "대피\u202e", "text-bidi"),
        ("cell-broadcast-157", "대피", "field-unknown"),
    ],
)
def test_a_wording_that_cannot_be_shown_is_refused_with_its_place(lit: Plan, name: str, said: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        _edited(lit, **{name: said})
    assert (refused.value.code, refused.value.path) == (code, f"/texts/ko/{name}")


@pytest.mark.parametrize(("kind", "line"), [(Kind.END, "상황 종료"), (Kind.CANCEL, "오발송 안내")])
def test_the_all_clear_and_the_false_alarm_have_them_too(lit: Plan, kind: Kind, line: str) -> None:
    over = drafting.closing(drafting.Over(kind=kind, number=2, reason="", now=DAWN), drafted(lit, incident()), lit.desk)
    assert over.text("ko").classes["sign"].startswith(f"[훈련] {line}\n")
