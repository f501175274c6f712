"""A disk that is full, or gone: everybody is told within two seconds, nothing is half done, and it goes on by itself."""

import asyncio
import time
from pathlib import Path

import pytest

from gateway.fault import Unavailable
from gateway.journal.records import Arrival
from gateway.journal.sqlite import SqliteJournal
from tests.journal.samples import T0, incident, placed, raw


def arrival(number: int) -> Arrival:
    body = number.to_bytes(4, "big") * (32 * 1024)
    return Arrival(at=T0, raw=raw(body), key=f"k-{number}", reports=(placed(incident(f"i-{number}")),))


async def fill(journal: SqliteJournal, together: int = 4) -> tuple[list[int], list[int]]:
    """Accept until the store says no; return the numbers that were acknowledged, and those of the first refused batch."""
    done: list[int] = []
    for start in range(0, 1000, together):
        numbers = range(start, start + together)
        began = time.monotonic()
        results = await asyncio.gather(*(journal.accept(arrival(number)) for number in numbers), return_exceptions=True)
        assert time.monotonic() - began < 2
        done += [number for number, result in zip(numbers, results, strict=True) if not isinstance(result, BaseException)]
        refused = [number for number in numbers if number not in done]
        if refused:
            assert {getattr(result, "code", "") for result in results if isinstance(result, BaseException)} == {
                "store-unavailable"
            }
            return done, refused
    raise AssertionError("the disk never became full")


async def known(journal: SqliteJournal, numbers: list[int]) -> list[int]:
    """Return those that the record knows, each of them whole."""
    heads = await journal.heads([("gauge", f"i-{number}") for number in numbers])
    receipts = [number for number in numbers if await journal.known(arrival(number).raw or raw(), f"k-{number}") is not None]
    assert len(heads) == len(receipts)
    return receipts


async def test_a_full_disk_refuses_whole_batches_and_goes_on_when_there_is_space(small_disk: Path) -> None:
    journal = await SqliteJournal.open(small_disk / "journal.db")
    done, refused = await fill(journal)

    assert done
    assert await known(journal, done) == done
    assert await known(journal, refused) == []
    (small_disk / "ballast").unlink()
    await journal.accept(arrival(refused[0]))
    await journal.check()
    assert await known(journal, refused) == refused[:1]
    await journal.close()

    journal = await SqliteJournal.open(small_disk / "journal.db")
    assert await known(journal, [*done, refused[0]]) == [*done, refused[0]]
    await journal.close()


async def test_a_store_that_may_not_grow_refuses_whole_batches_and_goes_on_when_it_may(tmp_path: Path) -> None:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    await journal.writer.run(lambda cx: cx.pragma("max_page_count", 400))
    done, refused = await fill(journal)

    assert await known(journal, done) == done
    assert await known(journal, refused) == []
    await journal.writer.run(lambda cx: cx.pragma("max_page_count", 1 << 30))
    await journal.accept(arrival(refused[0]))
    assert await known(journal, refused) == refused[:1]
    await journal.close()


async def refused_quickly(journal: SqliteJournal) -> str:
    began = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        await journal.check()
    assert time.monotonic() - began < 2
    return refused.value.code


async def test_a_store_that_was_removed_acknowledges_nothing(tmp_path: Path) -> None:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    (tmp_path / "journal.db").rename(tmp_path / "elsewhere")
    assert await refused_quickly(journal) == "store-unavailable"

    (tmp_path / "journal.db").write_bytes(b"")
    assert await refused_quickly(journal) == "store-unavailable"
    (tmp_path / "elsewhere").rename(tmp_path / "journal.db")
    await journal.check()
    await journal.close()


async def test_a_store_that_was_made_read_only_acknowledges_nothing(tmp_path: Path) -> None:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    (tmp_path / "journal.db").chmod(0o400)
    assert await refused_quickly(journal) == "store-read-only"

    (tmp_path / "journal.db").chmod(0o600)
    await journal.check()
    await journal.close()


async def test_another_process_that_keeps_the_store_locked_delays_nobody_past_two_seconds(tmp_path: Path) -> None:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    other = await SqliteJournal.open(tmp_path / "journal.db", shared=True)
    locking = asyncio.create_task(other.writer.run(lambda _: time.sleep(1.5)))
    await asyncio.sleep(0.1)

    assert await refused_quickly(journal) == "store-unavailable"
    await locking
    await journal.check()
    await other.close()
    await journal.close()
