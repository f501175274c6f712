"""A disk that takes longer to flush than the one of this machine, for both sides of a benchmark."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import apsw

BASE = "unix"


@contextmanager
def slow_disk(flush_s: float) -> Iterator[None]:
    """Let every flush of a file that SQLite opens meanwhile take so many seconds more; with 0 nothing is changed."""
    if not flush_s:
        yield
        return
    files = _Files(flush_s)
    try:
        yield
    finally:
        files.unregister()


def slow_server(flush_s: float) -> Mapping[str, str]:
    """Return the settings with which every flush of PostgreSQL's log takes so many seconds more; others queue meanwhile."""
    return {"commit_delay": f"{flush_s * 1e6:.0f}", "commit_siblings": "0"} if flush_s else {}


class _Files(apsw.VFS):
    def __init__(self, flush_s: float) -> None:
        self._flush_s = flush_s
        super().__init__("slow-disk", BASE, makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's word
        return _File(name, flags, self._flush_s)


class _File(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], flush_s: float) -> None:
        self._flush_s = flush_s
        super().__init__(BASE, name, flags)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's word
        super().xSync(flags)
        time.sleep(self._flush_s)
