"""What the feeds show: exactly what is live, at a time that only grows, and the same bytes from whoever serves them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from google.transit import gtfs_realtime_pb2
from lxml import etree

from gateway.alert import Kind
from gateway.channel import Feed, Publication
from gateway.journal.contract import Journal
from gateway.publishing import Feeds, Served
from tests.staircase.deeds import Deeds

ATOM, TRANSIT = "/feeds/cap.atom", "/feeds/gtfs-realtime/alerts.pb"
BASE = "http://hanbat.example"
LISTED_FOR = timedelta(hours=48)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
LINK = "{http://www.w3.org/2005/Atom}link"


class Shown:
    """What was served so far."""

    def __init__(self) -> None:
        """Nobody has looked."""
        self._publication = Publication(-1, LONG_AGO)
        self._spoken = LONG_AGO
        self._served: dict[tuple[str, int, frozenset[str]], bytes] = {}

    async def look(self, feeds: Sequence[Feed], journal: Journal, now: Callable[[], datetime], deeds: Deeds) -> None:
        """Fetch every feed from a node that has never served before, and hold it to what was told."""
        node = Feeds(journal, feeds, BASE, now)
        publication = await journal.publication()
        passed = frozenset(told.alert for told in deeds.newest() if told.expires <= now())
        for path in (ATOM, TRANSIT):
            served = await node.current(path)
            assert served is not None
            first = self._served.setdefault((path, publication.revision, passed), served.body)
            assert served.body == first, "the same publication was served with other bytes"
            self._holds(path, served, now(), deeds)
            self._grows(publication, served.modified)

    def _grows(self, publication: Publication, spoken: datetime) -> None:
        before = self._publication
        if publication.revision == before.revision:
            assert publication == before
        else:
            assert publication.revision > before.revision
            assert publication.at > self._spoken, "a newer publication speaks for no later time"
        assert spoken >= max(publication.at, self._spoken), "the feeds went back in time"
        self._publication, self._spoken = publication, spoken

    def _holds(self, path: str, served: Served, now: datetime, deeds: Deeds) -> None:
        at = max(now, served.modified)
        live = {told for told in deeds.newest() if told.live(at)}
        if path == TRANSIT:
            message = gtfs_realtime_pb2.FeedMessage.FromString(served.body)
            assert message.header.timestamp == int(served.modified.timestamp())
            assert sorted(entity.id for entity in message.entity) == sorted(told.alert for told in live if told.on_transit)
            return
        over = {
            told for told in deeds.newest() if told.kind in (Kind.END, Kind.CANCEL) and served.modified - told.at < LISTED_FOR
        }
        assert _listed(served.body) == sorted(f"{told.alert}.{told.number}" for told in live | over)


def _listed(index: bytes) -> list[str]:
    links = [link.get("href") or "" for link in etree.fromstring(index).iter(LINK)]
    return sorted(link.rpartition("/")[2].removesuffix(".xml") for link in links if "/feeds/cap/" in link)
