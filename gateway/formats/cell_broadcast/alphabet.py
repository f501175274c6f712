"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 sections 6.2.1 and 6.2.1.1)."""

from collections.abc import Iterable, Iterator, Sequence

ESCAPE = 0x1B
CR = 0x0D
DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {"\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65}

_CODES = {letter: (code,) for code, letter in enumerate(DEFAULT) if code != ESCAPE} | {
    letter: (ESCAPE, code) for letter, code in EXTENSION.items()
}
_EXTENDED = {code: letter for letter, code in EXTENSION.items()}


def fits(text: str) -> bool:
    """Tell whether a text can be written in this alphabet."""
    return all(letter in _CODES for letter in text)


def septets(letter: str) -> tuple[int, ...]:
    """Return the one or two septets of a letter; raises KeyError for one that the alphabet lacks."""
    return _CODES[letter]


def letters(codes: Iterable[int]) -> str:
    """Return what septets say; an extension nobody defined is shown as the space that TS 23.038 asks for."""
    return "".join(_letters(iter(codes)))


def packed(codes: Sequence[int]) -> bytes:
    """Pack septets into octets, the first into the lowest bits (TS 23.038 section 6.1.2.2.1)."""
    bits = sum(code << 7 * place for place, code in enumerate(codes))
    return bits.to_bytes((7 * len(codes) + 7) // 8, "little")


def unpacked(octets: bytes, count: int) -> list[int]:
    """Return the first `count` septets of packed octets."""
    bits = int.from_bytes(octets, "little")
    return [bits >> 7 * place & 0x7F for place in range(count)]


def _letters(codes: Iterator[int]) -> Iterator[str]:
    for code in codes:
        yield _EXTENDED.get(next(codes, 0), " ") if code == ESCAPE else DEFAULT[code]
