from datetime import UTC, datetime
from typing import Any

import argon2
import pytest

from gateway.access import (
    Actor,
    Bucket,
    Grant,
    hash_password,
    key_hash,
    may_approve,
    may_cancel,
    may_report,
    new_key,
    require,
    take,
    verify_password,
)
from gateway.alert import Act, Deed
from gateway.area import Area, Polygon, Role
from gateway.fault import BadInput, Refused
from gateway.incident import Incident, Quality, Reading, TransitPart
from tests import samples

NOW = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)
DRAWN = Polygon((((127.35, 36.36), (127.36, 36.36), (127.36, 36.37), (127.35, 36.36)),))


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
    acts = [act(1, Deed.EDITED, "mina"), act(2, Deed.SUBMITTED, "joon")]
    for name, own in (("mina", 1), ("joon", 2)):
        both = actor(name, "operator", "approver")
        may_approve(both, 3 - own, acts)
        with pytest.raises(Refused, match="two-people"):
            may_approve(both, own, acts)


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


GRANT = Grant(source="river", hazards=frozenset({"flash-flood"}), zones=frozenset({"yuseong"}), rate_per_minute=60)


def incident(source: str = "river", hazard: str = "flash-flood", **changes: object) -> Incident:
    return samples.incident(**{"source": source, "hazard": hazard, "areas": area(zones=("yuseong",)), **changes})


def area(**parts: Any) -> tuple[Area, ...]:
    return (Area(role=Role.DANGER, **parts),)


def reading(source: str) -> Reading:
    return Reading(source=source, sensor="G-03", property="water-level", value=4.2, unit="m", at=NOW, quality=Quality.GOOD)


@pytest.mark.parametrize(
    ("grant", "item"),
    [
        (GRANT, incident()),
        (GRANT, incident(areas=area(geometry=DRAWN, zones=("anything",)))),
        (GRANT, reading("river")),
        (Grant(source="metro"), incident(source="metro", areas=(), transit=(TransitPart(route="1"),))),
    ],
)
def test_a_source_may_propose_what_it_was_granted(grant: Grant, item: Incident | Reading) -> None:
    try:
        may_report(grant, item)
    except Refused as fault:
        refused = fault.code
    else:
        refused = ""
    assert refused == ""


@pytest.mark.parametrize(
    ("item", "code", "path"),
    [
        (reading("metro"), "scope-source", "/source"),
        (incident(source="metro"), "scope-source", "/source"),
        (incident(hazard="gas-leak"), "scope-hazard", "/hazard"),
        (incident(areas=area(zones=("yuseong", "daedeok"))), "scope-area", "/areas/0/zones"),
        (incident(areas=area(geometry=DRAWN) + area(zones=("daedeok",))), "scope-area", "/areas/1/zones"),
        (incident(areas=(), transit=(TransitPart(route="1"),)), "scope-area", "/areas"),
    ],
)
def test_a_source_may_not_propose_beyond_its_grant(item: Incident | Reading, code: str, path: str) -> None:
    with pytest.raises(Refused) as refused:
        may_report(GRANT, item)
    assert (refused.value.code, refused.value.path) == (code, path)


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
