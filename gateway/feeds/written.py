"""What rows look like in a feed: written once, however many publications show them."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from gateway.channel import Published

Write = Callable[[Published, str], bytes]
Key = tuple[str, int, str]


class Written:
    """The entries of one feed; each is written when a publication first shows it, and forgotten with the last that does."""

    def __init__(self, write: Write) -> None:
        """Write entries with `write`, a pure function of a row and the base URL."""
        self._write = write
        self._kept: Mapping[Key, tuple[Published, bytes]] = {}

    def of(self, rows: Iterable[Published], base_url: str) -> Sequence[bytes]:
        """Return the entries of these rows, in their order, no version twice; and keep no others."""
        kept = self._kept  # Another publication may be joined meanwhile, and replaces all of it
        shown = {key: self._entry(kept.get(key), row, base_url) for row in rows for key in [(row.alert, row.number, base_url)]}
        self._kept = shown
        return [body for _, body in shown.values()]

    def _entry(self, known: tuple[Published, bytes] | None, row: Published, base_url: str) -> tuple[Published, bytes]:
        return known if known is not None and known[0] == row else (row, self._write(row, base_url))
