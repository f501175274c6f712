"""The audit chains: what they hold, and that whoever changes them is found out."""

import hashlib
import json

import msgspec
import pytest

from gateway.alert import Deed
from gateway.channel import Verdict
from gateway.journal.audit import verify
from gateway.journal.contract import Journal
from gateway.journal.records import Arrival, AuditEntry
from gateway.source import Refusal
from tests.journal.samples import HOUR, MINUTE, T0, claim, placed, raw, settle, tell, version


async def lived(journal: Journal) -> list[AuditEntry]:
    """A short life with two seals in it."""
    await journal.accept(Arrival(at=T0, raw=raw(), reports=(placed(),), refusals=((1, Refusal(code="x", message="y")),)))
    await tell(journal, version(), ["sms/all"])
    await journal.seal(T0)
    [claimed] = await claim(journal, "sms")
    await settle(journal, claimed, Verdict.ACCEPTED)
    await tell(journal, version("A2"))
    await journal.seal(T0 + HOUR)
    return list(await journal.audit())


async def test_every_deed_and_attempt_is_in_its_alerts_chain(journal: Journal) -> None:
    await lived(journal)

    entries = await journal.audit("alert:A1")
    assert [entry.act for entry in entries] == ["drafted", "submitted", "approved", "issued", "attempted"]
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[2].actor == "lee"
    payload = hashlib.sha256(b"A1.1 alert message to sms/all").hexdigest()
    assert payload in json.loads(entries[3].body)["payloads"]
    [attempt] = json.loads(entries[4].body)["attempts"]
    assert attempt["verdict"] == "accepted"
    assert attempt["evidence"] == hashlib.sha256(b'["as the far side said",{}]').hexdigest()


async def test_a_sources_chain_holds_digests_and_no_payload(journal: Journal) -> None:
    await lived(journal)

    [entry] = await journal.audit("source:gauge")
    body = json.loads(entry.body)
    assert (entry.act, body["refused"]) == ("received", 1)
    assert body["sha256"] == hashlib.sha256(b"{}").hexdigest()
    assert [(report["id"], report["episode"], report["applied"]) for report in body["reports"]] == [("gapcheon", 1, True)]


async def test_each_link_is_the_digest_of_the_whole_entry_and_of_the_one_before(journal: Journal) -> None:
    await lived(journal)

    previous = ""
    for entry in await journal.audit("alert:A1"):
        named = {
            "chain": "alert:A1",
            "number": entry.number,
            "at": "2026-07-14T09:20:00.000000Z",
            "actor": entry.actor,
            "act": entry.act,
            "body": hashlib.sha256(entry.body).hexdigest(),
            "previous": previous,
        }
        text = json.dumps(named, sort_keys=True, separators=(",", ":"))
        assert entry.digest == hashlib.sha256(text.encode()).hexdigest()
        previous = entry.digest


async def test_anybody_may_add_a_note_and_page_through_the_record(journal: Journal) -> None:
    for number in range(5):
        await journal.note("service", "kim", "started", {"times": number}, T0 + number * MINUTE)

    page = await journal.audit("service", after=2, most=2)
    assert [(entry.number, json.loads(entry.body)["times"]) for entry in page] == [(3, 2), (4, 3)]
    assert page[0].at == T0 + 2 * MINUTE
    assert [entry.number for entry in await journal.audit(after=4)] == [5]


async def test_an_untouched_record_verifies_whole_and_chain_by_chain(journal: Journal) -> None:
    entries = await lived(journal)

    assert verify(entries) is None
    assert verify(await journal.audit("alert:A1"), whole=False) is None
    assert verify(await journal.audit("heads"), whole=False) is None
    assert verify([]) is None


@pytest.mark.parametrize("field", ["chain", "number", "at", "actor", "act", "body", "previous", "digest"])
async def test_a_flipped_field_is_found(journal: Journal, field: str) -> None:
    entries = await lived(journal)
    index = next(index for index, entry in enumerate(entries) if entry.act == Deed.APPROVED)
    lies = {"chain": "alert:A9", "number": 9, "at": T0 + HOUR, "body": b"{}"}
    entries[index] = msgspec.structs.replace(entries[index], **{field: lies.get(field, "somebody")})

    found = verify(entries)
    assert found is not None
    assert found.rule == "audit-broken"


async def test_every_entry_that_is_deleted_before_a_seal_is_found(journal: Journal) -> None:
    entries = await lived(journal)

    for index in range(len(entries) - 1):
        assert verify(entries[:index] + entries[index + 1 :]) is not None, entries[index]


async def test_entries_that_change_places_are_found(journal: Journal) -> None:
    entries = [entry for entry in await lived(journal) if entry.chain == "alert:A1"]

    for index in range(len(entries) - 1):
        swapped = [*entries[:index], entries[index + 1], entries[index], *entries[index + 2 :]]
        assert verify(swapped, whole=False) is not None


async def test_a_chain_cut_short_before_a_seal_is_found(journal: Journal) -> None:
    entries = await lived(journal)
    last = max(index for index, entry in enumerate(entries) if entry.chain == "alert:A1")

    found = verify(entries[:last] + entries[last + 1 :])
    assert found is not None
    assert found.path == "heads#2"


async def test_a_chain_rebuilt_with_right_links_does_not_fit_the_seal(journal: Journal) -> None:
    entries = await lived(journal)
    without = [entry for entry in entries if entry.chain != "alert:A2"]

    found = verify(without)
    assert found is not None
    assert found.path == "heads#2"


async def test_a_record_cut_short_after_a_seal_noted_elsewhere_is_found(journal: Journal) -> None:
    entries = await lived(journal)
    noted = await journal.seal(T0 + 2 * HOUR)
    whole = await journal.audit()

    assert verify(whole, anchor=noted) is None
    found = verify(entries, anchor=noted)
    assert found is not None
    assert "noted elsewhere" in found.message
