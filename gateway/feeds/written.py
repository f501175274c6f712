"""What a feed makes of rows: made once, however many publications show them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from gateway.channel import Published

T = TypeVar("T")
Key = tuple[str, int, str]


class Written(Generic[T]):
    """What one feed makes of each row, its entry for one; made when a publication first shows it, forgotten with the last."""

    def __init__(self, write: Callable[[Published, str], T]) -> None:
        """Make it with `write`, a pure function of a row and the base URL."""
        self._write = write
        self._kept: Mapping[Key, tuple[Published, T]] = {}

    def of(self, rows: Iterable[Published], base_url: str = "") -> Sequence[T]:
        """Return what is made of these rows, in their order, of no version twice; and keep nothing else."""
        kept = self._kept  # Another publication may be joined meanwhile, and replaces all of it
        shown = {key: self._made(kept.get(key), row, base_url) for row in rows for key in [(row.alert, row.number, base_url)]}
        self._kept = shown
        return [made for _, made in shown.values()]

    def _made(self, known: tuple[Published, T] | None, row: Published, base_url: str) -> tuple[Published, T]:
        return known if known is not None and known[0] == row else (row, self._write(row, base_url))
