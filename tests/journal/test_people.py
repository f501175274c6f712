"""People, keys, singletons' leases, and the proof that the store commits."""

import json
from datetime import timedelta

import msgspec
import pytest

from gateway.fault import Missing, Unavailable
from gateway.journal.contract import Journal
from gateway.journal.records import Key, Person
from tests.journal.samples import T0, Real

KIM = Person(name="kim", roles=frozenset({"operator", "viewer"}), password="$argon2id$secret")  # noqa: S106 - not a real one
DESK = Key(id="k1", hash="d3adbeef", person="kim", created_at=T0)


async def test_a_person_is_saved_and_changed(journal: Journal) -> None:
    await journal.save_person(KIM, "admin", T0)
    await journal.save_person(Person(name="ahn", roles=frozenset(), password=""), "admin", T0)
    assert await journal.person("kim") == KIM

    disabled = msgspec.structs.replace(KIM, disabled=True, roles=frozenset({"viewer"}))
    await journal.save_person(disabled, "admin", T0)
    assert await journal.person("kim") == disabled
    assert [person.name for person in await journal.people()] == ["ahn", "kim"]
    with pytest.raises(Missing):
        await journal.person("lee")


async def test_a_key_is_found_by_its_hash_until_it_is_revoked(journal: Journal) -> None:
    await journal.save_key(DESK, "admin", T0)
    gauge = Key(id="k2", hash="cafe", source="gauge")
    await journal.save_key(gauge, "admin", T0 + timedelta(days=1))
    assert await journal.key("d3adbeef") == DESK
    assert await journal.key("unknown") is None

    revoked = msgspec.structs.replace(DESK, revoked=True)
    await journal.save_key(revoked, "admin", T0)
    assert await journal.key("d3adbeef") is None
    dated = msgspec.structs.replace(gauge, created_at=T0 + timedelta(days=1))
    assert await journal.keys() == [revoked, dated]


async def test_the_audit_learns_who_may_do_what_and_no_secret(journal: Journal) -> None:
    await journal.save_person(KIM, "admin", T0)
    await journal.save_key(DESK, "admin", T0)

    entries = await journal.audit("people")
    assert [(entry.act, entry.actor) for entry in entries] == [("person-saved", "admin"), ("key-saved", "admin")]
    assert json.loads(entries[0].body) == {"name": "kim", "roles": ["operator", "viewer"], "disabled": False}
    assert not any(secret in entry.body for entry in entries for secret in (b"argon2", b"d3adbeef"))


async def test_a_lease_has_one_holder_and_a_fence_that_only_grows(journal: Journal, real: Real) -> None:
    assert await journal.lease("poller", "node-a", 10) == 1
    assert await journal.lease("poller", "node-b", 10) is None
    real.at += 9
    assert await journal.lease("poller", "node-a", 10) == 1
    real.at += 9
    assert await journal.lease("poller", "node-b", 10) is None
    real.at += 1
    assert await journal.lease("poller", "node-b", 10) == 2
    assert await journal.lease("poller", "node-a", 10) is None
    real.at += 10
    assert await journal.lease("poller", "node-b", 10) == 3
    assert await journal.lease("heartbeat", "node-a", 10) == 1


async def test_the_store_proves_that_it_commits_until_it_is_closed(journal: Journal) -> None:
    await journal.check()
    await journal.close()
    with pytest.raises(Unavailable) as refused:
        await journal.check()
    assert refused.value.code == "store-closed"
