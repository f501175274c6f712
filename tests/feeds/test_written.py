"""Entries are written once for as long as publications show them, and are always those of the rows."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from gateway.alert import Kind
from gateway.channel import Published
from gateway.feeds.written import Written

AT = datetime(2026, 7, 14, 9, 20, tzinfo=UTC)


def row(alert: str, number: int = 1, body: bytes = b"body") -> Published:
    return Published(alert=alert, number=number, kind=Kind.ALERT, issued_at=AT, expires=AT + timedelta(hours=1), body=body)


class Pen:
    """Writes entries, and remembers what it wrote."""

    def __init__(self) -> None:
        """Begin with nothing written."""
        self.wrote: list[str] = []

    def __call__(self, row: Published, base_url: str) -> bytes:
        """Write one."""
        self.wrote.append(f"{row.alert}.{row.number}")
        return b"%b %d of %b at %b" % (row.body, row.number, row.alert.encode(), base_url.encode())


def test_what_is_still_shown_is_not_written_again_and_what_was_gone_is() -> None:
    written = Written(pen := Pen())
    written.of([row("a"), row("b")], "x")
    assert list(written.of([row("a"), row("c")], "x")) == [b"body 1 of a at x", b"body 1 of c at x"]
    assert pen.wrote == ["a.1", "b.1", "c.1"]
    written.of([row("b")], "x")
    assert pen.wrote == ["a.1", "b.1", "c.1", "b.1"]


def test_another_version_and_other_bytes_and_another_address_are_written_anew() -> None:
    written = Written(Pen())
    written.of([row("a")], "x")
    assert list(written.of([row("a", 2)], "x")) == [b"body 2 of a at x"]
    assert list(written.of([replace(row("a", 2), body=b"other")], "x")) == [b"other 2 of a at x"]
    assert list(written.of([replace(row("a", 2), body=b"other")], "y")) == [b"other 2 of a at y"]


def test_entries_come_in_the_order_of_the_rows() -> None:
    written = Written(Pen())
    assert list(written.of([row("b"), row("a"), row("c")], "")) == [b"body 1 of b at ", b"body 1 of a at ", b"body 1 of c at "]
    assert list(written.of([row("c"), row("b")], "")) == [b"body 1 of c at ", b"body 1 of b at "]
