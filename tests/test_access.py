from datetime import UTC, datetime

import argon2
import pytest
import shapely

from gateway.access import (
    Actor,
    Bucket,
    Grant,
    hash_password,
    key_hash,
    may_approve,
    may_cancel,
    new_key,
    require,
    take,
    verify_password,
    within,
)
from gateway.alert import Act, Deed
from gateway.area import Area, LineString, Point, Polygon, Role
from gateway.fault import BadInput, Refused
from gateway.incident import Certainty, Incident, Quality, Reading, Severity, TransitPart, Urgency

NOW = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
SQUARE = shapely.box(127.30, 36.30, 127.40, 36.40)
INSIDE = Polygon((((127.35, 36.36), (127.36, 36.36), (127.36, 36.37), (127.35, 36.36)),))
PARTLY_OUTSIDE = Polygon((((127.35, 36.36), (127.45, 36.36), (127.36, 36.37), (127.35, 36.36)),))


def actor(name: str, *roles: str) -> Actor:
    return Actor(name, frozenset(roles))


def act(number: int, deed: Deed, who: str) -> Act:
    return Act(number=number, deed=deed, actor=who, at=NOW)


@pytest.mark.parametrize(
    ("held", "wanted", "passes"),
    [
        (("viewer",), ("viewer",), True),
        (("operator",), ("viewer",), True),
        (("approver",), ("viewer",), True),
        (("admin",), ("viewer",), True),
        ((), ("viewer",), False),
        (("viewer",), ("operator",), False),
        (("operator",), ("approver",), False),
        (("approver",), ("operator",), False),
        (("admin",), ("approver",), False),
        (("admin",), ("operator", "approver"), False),
        (("approver",), ("operator", "approver"), True),
    ],
)
def test_a_role_passes_only_where_it_is_wanted(held: tuple[str, ...], wanted: tuple[str, ...], passes: bool) -> None:  # noqa: FBT001
    if passes:
        require(actor("mina", *held), *wanted)
        return
    with pytest.raises(Refused) as refused:
        require(actor("mina", *held), *wanted)
    assert refused.value.code == "role-missing"


@pytest.mark.parametrize("deed", [Deed.DRAFTED, Deed.EDITED, Deed.SUBMITTED])
def test_whoever_made_the_version_cannot_approve_it(deed: Deed) -> None:
    acts = [act(2, Deed.DRAFTED, "gateway"), act(2, deed, "mina")]
    with pytest.raises(Refused) as refused:
        may_approve(actor("mina", "operator", "approver"), 2, acts)
    assert refused.value.code == "two-people"


def test_work_on_another_version_does_not_count() -> None:
    may_approve(actor("mina", "operator", "approver"), 2, [act(1, Deed.EDITED, "mina"), act(2, Deed.SUBMITTED, "joon")])


def test_breaking_the_glass_needs_a_reason_and_the_role() -> None:
    acts = [act(1, Deed.SUBMITTED, "mina")]
    may_approve(actor("mina", "approver"), 1, acts, break_glass="the second officer cannot be reached")
    with pytest.raises(Refused, match="two-people"):
        may_approve(actor("mina", "approver"), 1, acts, break_glass="   ")
    with pytest.raises(Refused, match="role-missing"):
        may_approve(actor("mina", "operator"), 1, acts, break_glass="nobody else is here")


def test_one_operator_or_approver_cancels_with_a_reason() -> None:
    may_cancel(actor("joon", "operator"), "wrong district")
    may_cancel(actor("mina", "approver"), "wrong district")
    with pytest.raises(BadInput, match="reason-missing"):
        may_cancel(actor("joon", "operator"), " \n")
    for other in (actor("admin", "admin"), actor("guest", "viewer"), actor("source:river-telemetry")):
        with pytest.raises(Refused, match="role-missing"):
            may_cancel(other, "wrong district")


def grant(*, zones: frozenset[str] | None = frozenset({"yuseong"})) -> Grant:
    ground = SQUARE if zones is not None else None
    return Grant(source="river", hazards=frozenset({"flash-flood"}), rate_per_minute=60, zones=zones, ground=ground)


def incident(source: str = "river", hazard: str = "flash-flood", **changes: object) -> Incident:
    fields = {"areas": (Area(role=Role.DANGER, geometry=INSIDE),)} | changes
    return Incident(
        source=source,
        id="gapcheon-03",
        hazard=hazard,
        severity=Severity.SEVERE,
        urgency=Urgency.IMMEDIATE,
        certainty=Certainty.OBSERVED,
        onset=NOW,
        **fields,  # type: ignore[arg-type]
    )


def area(**parts: object) -> tuple[Area, ...]:
    return (Area(role=Role.DANGER, **parts),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "item",
    [
        incident(),
        incident(areas=area(zones=("yuseong",))),
        incident(areas=area(geometry=Point((127.35, 36.35), 500.0))),
        incident(areas=area(geometry=LineString(((127.35, 36.35), (127.36, 36.35))))),
    ],
)
def test_a_source_may_propose_what_it_was_granted(item: Incident) -> None:
    within(grant(), item)


@pytest.mark.parametrize(
    ("item", "code", "path"),
    [
        (incident(source="metro"), "source-out-of-scope", "/source"),
        (incident(hazard="chemical-leak"), "hazard-out-of-scope", "/hazard"),
        (incident(areas=area(geometry=PARTLY_OUTSIDE)), "area-out-of-scope", "/areas/0"),
        (incident(areas=area(zones=("yuseong", "daedeok"))), "area-out-of-scope", "/areas/0"),
        (incident(areas=area(geometry=INSIDE) + area(zones=("daedeok",))), "area-out-of-scope", "/areas/1"),
        (incident(areas=(), transit=(TransitPart(route="1"),)), "area-out-of-scope", "/areas"),
    ],
)
def test_a_source_may_not_propose_beyond_its_grant(item: Incident, code: str, path: str) -> None:
    with pytest.raises(Refused) as refused:
        within(grant(), item)
    assert (refused.value.code, refused.value.path) == (code, path)


def test_a_grant_for_the_whole_city_asks_for_no_ground() -> None:
    within(grant(zones=None), incident(areas=(), transit=(TransitPart(route="1"),)))


def test_a_reading_is_held_to_its_source_and_position() -> None:
    reading = Reading(
        source="river",
        sensor="G-03",
        property="water-level",
        value=4.2,
        unit="m",
        at=NOW,
        quality=Quality.GOOD,
        position=(127.35, 36.35),
    )
    within(grant(), reading)
    outside = Reading(
        source="river",
        sensor="G-03",
        property="water-level",
        value=4.2,
        unit="m",
        at=NOW,
        quality=Quality.GOOD,
        position=(127.5, 36.35),
    )
    with pytest.raises(Refused, match="area-out-of-scope"):
        within(grant(), outside)


def test_keys_are_long_random_and_kept_as_their_sha256() -> None:
    one, other = new_key(), new_key()
    assert one != other
    assert len(one) >= len("bongsu_") + 43
    assert key_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_passwords_are_kept_as_argon2id_and_never_short() -> None:
    hashed = hash_password("물가에서 떨어지세요 12")
    assert argon2.extract_parameters(hashed).type is argon2.Type.ID
    assert verify_password(hashed, "물가에서 떨어지세요 12")
    assert not verify_password(hashed, "물가에서 떨어지세요 13")
    assert not verify_password("", "")
    for wrong, code in (("elevenchars", "password-too-short"), ("x" * 257, "password-too-long")):
        with pytest.raises(BadInput, match=code):
            hash_password(wrong)


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket: Bucket | None = None
    for _ in range(3):
        bucket, wait = take(bucket, 100.0, per_minute=60, burst=3)
        assert wait == 0
    bucket, wait = take(bucket, 100.0, per_minute=60, burst=3)
    assert wait == pytest.approx(1.0)
    bucket, wait = take(bucket, 100.4, per_minute=60, burst=3)
    assert wait == pytest.approx(0.6)
    bucket, wait = take(bucket, 101.0, per_minute=60, burst=3)
    assert wait == 0
    _, wait = take(bucket, 1000.0, per_minute=60, burst=3)
    assert wait == 0
