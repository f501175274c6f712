"""The README's picture can be made anew: the story that leads to it still goes as it is played."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import screenshots

ROOT = Path(__file__).parents[2]
MOST_BYTES = 150_000
SIZE = (round(screenshots.WIDTH * screenshots.SHARP), round(screenshots.HEIGHT * screenshots.SHARP))


@pytest.fixture
def taken(tmp_path: Path, peer: Callable[..., Path]) -> Path:
    """A picture of a demonstration of our own."""
    return screenshots.take(tmp_path / "images", peer("chromium"))


def size(picture: bytes) -> tuple[int, int]:
    """Return width and height as the key frame of a WebP file has them (RFC 6386 section 9.1)."""
    assert (picture[:4], picture[8:12]) == (b"RIFF", b"WEBP")
    frame = picture.index(b"\x9d\x01\x2a") + 3
    width, height = struct.unpack_from("<HH", picture, frame)
    return width & 0x3FFF, height & 0x3FFF


def test_the_picture_is_taken_of_a_running_demonstration(taken: Path) -> None:
    assert size(taken.read_bytes()) == SIZE
    assert taken.stat().st_size < MOST_BYTES


def test_the_picture_that_is_shown_is_sharp_and_light() -> None:
    shown = (ROOT / "docs" / "images" / "console.webp").read_bytes()
    assert size(shown) == SIZE
    assert len(shown) < MOST_BYTES
