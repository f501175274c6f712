import json
from datetime import timedelta
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import shipped
from gateway.alert import Kind, Place, Reference, Selector, Text, Transit, Version
from gateway.area import Polygon, Role
from gateway.fault import BadInput, Faults
from gateway.formats import app
from tests import samples
from tests.samples import ONSET, TRIANGLE

JUDGE = jsonschema.Draft202012Validator(
    json.loads(shipped.read("schemas/alert.schema.json")), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
TWO = Polygon((((127.45, 36.36), (127.46, 36.36), (127.46, 36.37), (127.45, 36.36)),))
KOREAN = Text(
    language="ko",
    sender_name="한밭시",
    event="돌발홍수",
    headline="[훈련] 갑천",
    description="물이 불어납니다.",
    instruction="높은 곳으로 가십시오.",
    short="대피",
)
GROUND = Place(role=Role.DANGER, name={"ko": "갑천", "en": "Gapcheon"}, polygons=(TRIANGLE, TWO), zones=("yuseong",))
FLOOD = samples.version(places=(GROUND,), texts=(KOREAN,), effective=ONSET + timedelta(minutes=1))
WANTED = {
    "schema": "1",
    "identifier": "hanbat-1.1",
    "alert": "hanbat-1",
    "version": 1,
    "kind": "alert",
    "status": "exercise",
    "scope": "public",
    "hazard": "flash-flood",
    "category": ["Met"],
    "event_codes": [{"name": "SAME", "value": "FFW"}],
    "severity": "severe",
    "urgency": "immediate",
    "certainty": "observed",
    "responses": ["Evacuate"],
    "effective": "2026-07-14T18:21:00+09:00",
    "onset": "2026-07-14T18:20:00+09:00",
    "expires": "2026-07-14T21:20:00+09:00",
    "sender": "alerts@hanbat.example",
    "texts": {
        "ko": {
            "sender_name": "한밭시",
            "event": "돌발홍수",
            "headline": "[훈련] 갑천",
            "description": "물이 불어납니다.",
            "instruction": "높은 곳으로 가십시오.",
            "short": "대피",
        }
    },
    "areas": [
        {
            "role": "danger",
            "name": {"ko": "갑천", "en": "Gapcheon"},
            "zones": ["yuseong"],
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [
                    [[[127.35, 36.36], [127.36, 36.36], [127.36, 36.37], [127.35, 36.36]]],
                    [[[127.45, 36.36], [127.46, 36.36], [127.46, 36.37], [127.45, 36.36]]],
                ],
            },
        }
    ],
}


def changed(**fields: Any) -> Version:
    return msgspec.structs.replace(FLOOD, **fields)


def test_an_alert_as_apps_read_it() -> None:
    JUDGE.validate(WANTED)
    assert json.loads(app.write(FLOOD)) == WANTED


@pytest.mark.parametrize(
    ("version", "pointer", "wanted"),
    [
        (
            changed(
                transit=Transit(
                    cause="WEATHER",
                    effect="NO_SERVICE",
                    selectors=(Selector(route="1", direction=0),),
                    closed=(Selector(stop="S07"),),
                )
            ),
            "transit",
            {
                "cause": "WEATHER",
                "effect": "NO_SERVICE",
                "selectors": [{"route": "1", "direction": 0}],
                "closed": [{"stop": "S07"}],
            },
        ),
        (
            changed(references=(Reference(sender="a@b", identifier="x", sent="2026-07-14T18:20:30+09:00"),)),
            "references",
            [{"sender": "a@b", "identifier": "x", "sent": "2026-07-14T18:20:30+09:00"}],
        ),
        (changed(kind=Kind.CANCEL, reason="wrong gauge"), "reason", "wrong gauge"),
        (changed(contact="+82 42 000 0000"), "contact", "+82 42 000 0000"),
        (
            changed(places=(Place(role=Role.SHELTER, name={"ko": "학교"}, polygons=(), zones=("dong",)),)),
            "areas",
            [{"role": "shelter", "name": {"ko": "학교"}, "zones": ["dong"]}],
        ),
        (
            changed(places=(Place(role=Role.CLOSURE, name={"ko": "길"}, polygons=(TRIANGLE,)),)),
            "areas",
            [
                {
                    "role": "closure",
                    "name": {"ko": "길"},
                    "geometry": {
                        "type": "Polygon",
                        "coordinates": [[[127.35, 36.36], [127.36, 36.36], [127.36, 36.37], [127.35, 36.36]]],
                    },
                }
            ],
        ),
    ],
)
def test_what_some_alerts_have_besides(version: Version, pointer: str, wanted: object) -> None:
    entry = json.loads(app.write(version))
    JUDGE.validate(entry)
    assert entry[pointer] == wanted


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("form", app.Form)
def test_every_form_of_every_kind_is_valid_and_warns_only_in_its_own_words(kind: Kind, form: app.Form) -> None:
    entry = json.loads(app.write(changed(kind=kind), form))
    own = form.value == kind.value
    assert (entry["kind"], bool(entry["texts"])) == (form.value, own)
    if own or form in (app.Form.CANCEL, app.Form.EXPIRED):
        JUDGE.validate(entry)


def test_the_bytes_do_not_depend_on_the_order_of_names() -> None:
    one = changed(places=(Place(role=Role.DANGER, name={"ko": "갑천", "en": "Gapcheon"}, polygons=(TRIANGLE,)),))
    two = changed(places=(Place(role=Role.DANGER, name={"en": "Gapcheon", "ko": "갑천"}, polygons=(TRIANGLE,)),))
    assert app.write(one) == app.write(two)


def test_reading_back_gives_what_was_written() -> None:
    entry = app.read(app.write(FLOOD))
    assert (entry.identifier, entry.version, entry.kind) == ("hanbat-1.1", 1, app.Form.ALERT)
    assert entry.onset == ONSET
    assert entry.texts["ko"].headline == "[훈련] 갑천"
    assert msgspec.json.encode(entry, order="sorted") == app.write(FLOOD)


@given(
    headline=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    reason=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_text_survives_the_way_there_and_back(headline: str, reason: str) -> None:
    text = msgspec.structs.replace(FLOOD.texts[0], headline=headline)
    version = changed(texts=(text,), reason=reason)
    entry = app.read(app.write(version))
    assert (entry.texts["ko"].headline, entry.reason) == (headline, reason)


WRONG: list[dict[str, object]] = [
    {"kind": "alarm"},
    {"texts": {}},
    {"onset": "2026-07-14T18:20:00"},
    {"areas": [{"role": "danger", "name": {}}]},
    {"areas": [{"role": "danger", "name": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}]},
    {"severity": "bad"},
    {"version": 0},
    {"extra": True},
    {"category": []},
    {"responses": ["Run"]},
]


@pytest.mark.parametrize("wrong", WRONG, ids=[next(iter(wrong)) + str(index) for index, wrong in enumerate(WRONG)])
def test_both_validators_refuse_what_no_alert_may_say(wrong: dict[str, object]) -> None:
    document = WANTED | wrong
    assert list(JUDGE.iter_errors(document))
    with pytest.raises(Faults):
        app.read(json.dumps(document).encode())


@pytest.mark.parametrize("missing", sorted(set(WANTED) - {"event_codes"}))
def test_nothing_that_matters_may_be_missing(missing: str) -> None:
    document = {name: value for name, value in WANTED.items() if name != missing}
    assert list(JUDGE.iter_errors(document))
    with pytest.raises(BadInput):
        app.read(json.dumps(document).encode())
