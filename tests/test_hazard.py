"""The hazards table against the code lists themselves, transcribed here for the codes that are used."""

import re

import pytest
from google.transit import gtfs_realtime_pb2

from gateway.fault import BadInput
from gateway.hazard import Hazard, SlotType, hazard, hazards

CAP_CATEGORIES = {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"}
CAP_RESPONSES = {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"}

OASIS_TERMS = {
    "004": ("air quality", {"Env", "Health"}),
    "013": ("animal disease", {"Health"}),
    "031": ("building collapse", {"Infra"}),
    "039": ("civil", {"Security"}),
    "043": ("cold", {"Met"}),
    "045": ("communications service disruption", {"Infra"}),
    "047": ("contaminated water", {"Health"}),
    "055": ("dangerous person threat", {"Safety"}),
    "059": ("dense smoke", {"Met"}),
    "062": ("disease outbreak", {"Health"}),
    "066": ("dust storm", {"Met"}),
    "068": ("earthquake", {"Geo"}),
    "074": ("emergency telephone outage", {"Infra"}),
    "076": ("explosion threat", {"CBRNE"}),
    "079": ("flash flood", {"Met"}),
    "081": ("flood", {"Met"}),
    "098": ("heat", {"Met"}),
    "119": ("landslide", {"Geo"}),
    "130": ("missing person(s)", {"Safety"}),
    "134": ("natural gas", {"Infra"}),
    "140": ("overland flood", {"Met"}),
    "145": ("power outage", {"Infra"}),
    "152": ("public transit issue", {"Transport"}),
    "154": ("radiation", {"CBRNE"}),
    "158": ("railway issue", {"Transport"}),
    "159": ("rain", {"Met"}),
    "165": ("road closure", {"Transport"}),
    "167": ("road vehicle accident", {"Transport"}),
    "177": ("security", {"Security"}),
    "180": ("sinkhole", {"Safety"}),
    "182": ("snow", {"Met"}),
    "189": ("storm surge", {"Met"}),
    "190": ("structure fire", {"Fire"}),
    "194": ("thunderstorm", {"Met"}),
    "198": ("toxic spill", {"CBRNE"}),
    "199": ("traffic", {"Transport"}),
    "203": ("tsunami", {"Geo"}),
    "204": ("typhoon", {"Met"}),
    "214": ("water main break", {"Infra"}),
    "217": ("wildfire", {"Fire"}),
    "218": ("wind", {"Met"}),
}
NO_TERM_EXISTS = {"crowd-density": "Safety", "crowd-crush": "Safety", "evacuation": "Safety", "sensor-fault": "Other"}
MEANT = {
    "air-quality": "004", "animal-disease": "013", "building-collapse": "031", "civil-defence": "039", "cold-wave": "043",
    "telecom-outage": "045", "water-contamination": "047", "violent-crime": "055", "smoke": "059", "epidemic": "062",
    "yellow-dust": "066", "earthquake": "068", "emergency-call-outage": "074", "explosion": "076", "flash-flood": "079",
    "river-flood": "081", "heat-wave": "098", "landslide": "119", "missing-child": "130", "missing-person-dementia": "130",
    "gas-leak": "134", "urban-flood": "140", "power-outage": "145", "station-closed": "152", "station-overcrowding": "152",
    "line-suspended": "152", "radiation": "154", "train-failure": "158", "heavy-rain": "159", "road-closed": "165",
    "tunnel-closed": "165", "traffic-accident": "167", "suspicious-object": "177", "sinkhole": "180", "heavy-snow": "182",
    "storm-surge": "189", "structure-fire": "190", "thunderstorm": "194", "hazardous-material": "198",
    "wrong-way-driver": "199", "tsunami": "203", "typhoon": "204", "water-main-burst": "214", "wildfire": "217",
    "strong-wind": "218", "crowd-density": "000", "crowd-crush": "000", "evacuation": "000", "sensor-fault": "000",
}  # fmt: skip

SAME = {
    "CDW": "civil danger warning", "DSW": "dust storm warning", "EQW": "earthquake warning", "EVI": "evacuation immediate",
    "FFW": "flash flood warning", "FLW": "flood warning", "FRW": "fire warning", "HMW": "hazardous materials warning",
    "HUW": "hurricane warning", "HWW": "high wind warning", "LEW": "law enforcement warning",
    "MEP": "missing and endangered persons", "RHW": "radiological hazard warning", "SSW": "storm surge warning",
    "SVR": "severe thunderstorm warning", "TOE": "911 telephone outage emergency", "TSW": "tsunami warning",
}  # fmt: skip
DMB = {
    "AVW": "산사태경보", "CDW": "시민위험상황경보", "CWW": "한파경보", "EQW": "지진경보", "EVI": "즉시대피",
    "FFW": "긴급홍수경보", "FLW": "홍수경보", "FRW": "화재경보", "HAS": "대설경보", "HMW": "위험물질경보",
    "HRW": "호우경보", "HUW": "강풍경보",
    "LEW": "법집행경고", "MFW": "산불경보", "RHW": "방사능위험경보", "RTW": "교통통제", "SSW": "폭풍해일경보", "SVR": "뇌우경보",
    "TOE": "119전화불통응급상황", "TRW": "열대폭풍(태풍)경보", "TSW": "지진해일경보", "YSW": "황사경보",
}  # fmt: skip

ALL = [pytest.param(row, id=row.id) for row in hazards().values()]


def test_every_hazard_has_the_oasis_term_that_is_meant() -> None:
    assert {row.id: row.oet.removeprefix("OET-") for row in hazards().values()} == MEANT
    assert len(MEANT) >= 40


@pytest.mark.parametrize("row", ALL)
def test_categories_are_those_of_the_term_or_of_our_own_code(row: Hazard) -> None:
    assert set(row.category) <= CAP_CATEGORIES
    if row.oet == "OET-000":
        assert row.category == (NO_TERM_EXISTS[row.id],)
        assert row.local == row.id
    else:
        assert set(row.category) == OASIS_TERMS[row.oet.removeprefix("OET-")][1]
        assert row.local is None


@pytest.mark.parametrize("row", ALL)
def test_every_word_is_one_the_other_side_knows(row: Hazard) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row.id)
    assert row.cause in gtfs_realtime_pb2.Alert.Cause.DESCRIPTOR.values_by_name
    assert row.effect in gtfs_realtime_pb2.Alert.Effect.DESCRIPTOR.values_by_name
    assert row.responses
    assert set(row.responses) <= CAP_RESPONSES - {"AllClear"}
    assert row.same is None or row.same in SAME
    assert row.dmb is None or row.dmb in DMB


def test_korean_codes_mean_the_hazard_they_stand_beside() -> None:
    called = {id: DMB[row.dmb] for id, row in hazards().items() if row.dmb}
    assert called["strong-wind"] == "강풍경보"
    assert called["typhoon"] == "열대폭풍(태풍)경보"
    assert called["heavy-snow"] == "대설경보"
    assert called["tunnel-closed"] == "교통통제"
    assert called["emergency-call-outage"] == "119전화불통응급상황"


def test_people_and_instruments_are_not_told_to_everybody() -> None:
    restricted = {id for id, row in hazards().items() if row.scope == "restricted"}
    assert restricted == {"missing-child", "missing-person-dementia", "sensor-fault"}
    assert {row.scope for row in hazards().values()} == {"public", "restricted"}


@pytest.mark.parametrize("row", ALL)
def test_facts_are_named_like_slots_and_never_free_text(row: Hazard) -> None:
    assert all(re.fullmatch(r"[a-z][a-z_]*", name) for name in row.facts)
    assert SlotType.NAME not in row.facts.values()
    assert row.facts["place"] is SlotType.PLACE


def test_an_unknown_hazard_is_an_error() -> None:
    with pytest.raises(BadInput) as caught:
        hazard("flood-of-compliments")
    assert caught.value.code == "hazard-unknown"
