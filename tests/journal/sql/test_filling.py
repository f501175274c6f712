"""Several queues merged page by page: judged by sorting all of them and going through that."""

import random
from collections import Counter
from collections.abc import Mapping

from gateway.alert import Target
from gateway.journal.records import Free, Room
from gateway.journal.sql.filling import Filling, Head, Merging

SEED = 20260714
ORDINARY = 2

Queues = Mapping[Target, list[Head]]


def queues(luck: random.Random) -> Queues:
    """Return up to five queues of very different lengths, of which many heads are due at the same time."""
    lengths = {Target("sms", name): luck.choice((0, 1, 3, 40, 200)) for name in "abcde"[: luck.randint(1, 5)]}
    ids = luck.sample(range(1000), sum(lengths.values()))
    made = {to: [Head(float(luck.randint(0, 9)), ids.pop(), "A1", to) for _ in range(count)] for to, count in lengths.items()}
    return {to: sorted(heads) for to, heads in made.items()}


def merged(there: Queues, merging: Merging) -> tuple[list[int], int]:
    """Bring whatever is wanted; return the ids that were chosen, and how many heads that took."""
    brought = 0
    while wanted := merging.wanted:
        pages = [[head for head in there[one.to] if head[:2] > (one.due, one.id)][: one.most] for one in wanted]
        brought += sum(map(len, pages))
        merging.bring([head for page in pages for head in page])
    return [head.id for head in merging.chosen], brought


def greedy(there: Queues, most: int, own: Mapping[Target, int]) -> list[int]:
    taken: list[Head] = []
    for head in sorted(head for heads in there.values() for head in heads):
        if len(taken) < most and sum(one.to == head.to for one in taken) < own.get(head.to, most):
            taken.append(head)
    return [head.id for head in taken]


def test_what_is_due_first_goes_first_however_the_queues_are_read() -> None:
    luck = random.Random(SEED)  # noqa: S311 - chance with a seed
    seen = Counter[bool]()
    for _ in range(300):
        there, most = queues(luck), luck.randint(0, 120)
        own = {to: luck.randint(0, 30) for to in there if luck.random() < 0.4}
        free = {to: Free(count, count) for to, count in own.items()}
        room = Room(most=Free(most, most), channels={"sms": Free(most, most)}, targets=free)
        chosen, brought = merged(there, Merging(Filling(room), ORDINARY, there))
        assert chosen == greedy(there, most, own), SEED
        seen[brought > len(chosen)] += 1
    assert min(seen.values()) > 20, "both were tried: what is read once is enough, and it is not"


def test_a_long_queue_is_read_no_further_than_there_is_room() -> None:
    there = {
        Target("sms", name): [Head(0.0, 5000 * at + n, "A1", Target("sms", name)) for n in range(5000)]
        for at, name in enumerate("ab")
    }
    room = Room(most=Free(10, 10), channels={"sms": Free(10, 10)})
    chosen, brought = merged(there, Merging(Filling(room), ORDINARY, there))
    assert chosen == list(range(10))
    assert brought < 100


def test_a_wider_room_is_looked_through_first() -> None:
    room = Room(most=Free(2, 3), channels={"sms": Free(2, 3)}, targets={Target("sms", "a"): Free(1, 1)})
    wide = Filling(room, times=2)
    assert [wide.take(Target("sms", "a"), ORDINARY) for _ in range(3)] == [True, True, False]
    assert [wide.take(Target("sms", "b"), priority) for priority in (2, 2, 2, 1, 1, 1)] == [True, True, False, True, True, False]
