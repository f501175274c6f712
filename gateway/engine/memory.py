"""What the record said last of watches and incidents, so that most messages reach it in one step; it says when that is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from gateway.journal.contract import Journal
from gateway.journal.records import Head, Watched
from gateway.policy.order import KnownHead

K = TypeVar("K")
V = TypeVar("V")

MOST_KEPT = 2000

Name = tuple[str, str]
Known = tuple[KnownHead | None, int]
"""An incident's newest episode and its revision; (None, 0) of one that nobody has reported."""

States = Mapping[str, tuple[int, bytes]]
NEW: Known = (None, 0)


class Memory:
    """A guess at what the record holds; whatever rests on a wrong guess is refused by the record as Stale, and read `anew`."""

    def __init__(self, journal: Journal) -> None:
        """Begin with nothing."""
        self._journal = journal
        self._incidents: dict[Name, Known] = {}
        self._watches: dict[str, tuple[int, bytes]] = {}

    async def incidents(self, names: Iterable[Name], *, anew: bool) -> dict[Name, Known]:
        """Return what is known of incidents; one never heard of is taken for new."""
        wanted = sorted(set(names))
        if not anew:
            return {name: self._incidents.get(name, NEW) for name in wanted}
        heads = await self._journal.heads(wanted) if wanted else {}
        return {name: known(heads.get(name)) for name in wanted}

    async def watches(self, keys: Sequence[str], *, anew: bool) -> States:
        """Return the states of watches."""
        if anew or any(key not in self._watches for key in keys):
            return await self._journal.watches(keys) if keys else {}
        return {key: self._watches[key] for key in keys}

    def learn(self, incidents: Mapping[Name, Known], watches: Iterable[Watched]) -> None:
        """Remember what was recorded just now."""
        _keep(self._incidents, incidents)
        _keep(self._watches, {watched.key: (watched.expected + 1, watched.state) for watched in watches})


def known(head: Head | None) -> Known:
    """Return what placing a report needs to know."""
    if head is None:
        return NEW
    return KnownHead(episode=head.key.episode, open=head.open, report=head.report, arrived=head.arrived), head.revision


def _keep(kept: dict[K, V], news: Mapping[K, V]) -> None:
    for key, value in news.items():
        kept.pop(key, None)
        kept[key] = value
    while len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]
