"""Text as the pages of a cell broadcast, and back: at most 15 of 82 octets (TS 23.041 section 9.4.1.2, TS 23.038 section 5)."""

from collections.abc import Iterator, Sequence

from gateway.fault import BadInput
from gateway.formats.cell_broadcast import alphabet
from gateway.formats.cell_broadcast.alphabet import CR, ESCAPE

OCTETS = 82
SEPTETS = 93
MOST_PAGES = 15
UNNAMED_GSM, NAMED_GSM, NAMED_UCS2, UNNAMED_UCS2 = 0x0F, 0x10, 0x11, 0x48
LANGUAGES = ("de", "en", "it", "fr", "es", "nl", "sv", "da", "pt", "fi", "no", "el", "tr", "hu", "pl")
HIGHEST_BMP = 0xFFFF

_HINT = "shorten the text; what does not fit is never cut"


def coding(text: str, language: str, *, named: bool = False) -> int:
    """Return the data coding scheme for a text: GSM 7-bit where every letter fits, else UCS-2.

    `named` says the language in the message, so that only phones in that language show it; a text in UCS-2 that is not named is
    shown by every phone.
    """
    tag = language.partition("-")[0]
    if alphabet.fits(text):
        return LANGUAGES.index(tag) if tag in LANGUAGES else NAMED_GSM if named and len(tag) == 2 else UNNAMED_GSM
    return NAMED_UCS2 if named else UNNAMED_UCS2


def write(text: str, dcs: int, language: str = "") -> tuple[bytes, ...]:
    """Return the pages of a text, each of 82 octets and padded.

    Raises BadInput "broadcast-letters" for a letter that this coding lacks, "broadcast-too-long", "broadcast-coding" for a scheme
    that is not written here, and "broadcast-language" where a scheme names the language and there are no two letters for it.
    """
    name = _name(dcs, language)
    made = tuple(_ucs2(text, name) if _is_ucs2(dcs) else _gsm(text, name))
    if len(made) > MOST_PAGES:
        raise BadInput("broadcast-too-long", f"{len(text)} characters need {len(made)} pages of at most 15", hint=_HINT)
    return made


def read(pages: Sequence[bytes], dcs: int) -> tuple[str, str]:
    """Return the language ("" where none is named) and the text of the pages of one message; raises BadInput."""
    if not 1 <= len(pages) <= MOST_PAGES or any(len(page) != OCTETS for page in pages):
        raise BadInput("broadcast-pages", "a message has 1 to 15 pages of 82 octets", hint="send 164 hexadecimal digits a page")
    _known(dcs)
    told = [_told(page, dcs) for page in pages]
    language = LANGUAGES[dcs] if dcs < len(LANGUAGES) else told[0][0]
    return language, "".join(text for _, text in told).rstrip("\r")


def _gsm(text: str, name: str) -> Iterator[bytes]:
    head = [*(code for letter in name for code in alphabet.septets(letter)), CR] if name else []
    page = list(head)
    for letter in text:
        try:
            codes = alphabet.septets(letter)
        except KeyError:
            message = f"{letter!r} is not in the GSM 7-bit alphabet"
            raise BadInput("broadcast-letters", message, hint="use UCS-2, or another letter") from None
        if len(page) + len(codes) > SEPTETS:
            yield _packed(page)
            page = list(head)
        page += codes
    yield _packed(page)


def _packed(page: list[int]) -> bytes:
    return alphabet.packed([*page, *[CR] * (SEPTETS - len(page))]).ljust(OCTETS, b"\0")


def _ucs2(text: str, name: str) -> Iterator[bytes]:
    if high := [letter for letter in text if ord(letter) > HIGHEST_BMP]:
        hint = "leave emoji and rare letters out: many phones cannot show them"
        raise BadInput("broadcast-letters", f"{high[0]!r} is not in UCS-2", hint=hint)
    head = alphabet.packed([code for letter in name for code in alphabet.septets(letter)]) if name else b""
    room = (OCTETS - len(head)) // 2
    for start in range(0, max(len(text), 1), room):
        yield (head + text[start : start + room].ljust(room, "\r").encode("utf-16-be")).ljust(OCTETS, b"\0")


def _told(page: bytes, dcs: int) -> tuple[str, str]:
    """Return the language a page names and what it says, its padding included."""
    if _is_ucs2(dcs):
        name = alphabet.letters(alphabet.unpacked(page[:2], 2)) if dcs == NAMED_UCS2 else ""
        return name, page[2 if name else 0 :].decode("utf-16-be", "replace").rstrip("\r\0")
    codes = alphabet.unpacked(page, SEPTETS)
    named = dcs == NAMED_GSM
    while codes and codes[-1] == CR and codes[-2:-1] != [ESCAPE]:
        codes.pop()
    return alphabet.letters(codes[:2]) if named else "", alphabet.letters(codes[3:] if named else codes)


def _name(dcs: int, language: str) -> str:
    _known(dcs)
    if dcs not in (NAMED_GSM, NAMED_UCS2):
        return ""
    tag = language.partition("-")[0]
    if not (len(tag) == 2 and tag.isascii() and tag.islower()):
        raise BadInput("broadcast-language", f"{language!r} has no two letters", hint="name a language of ISO 639-1")
    return tag


def _is_ucs2(dcs: int) -> bool:
    return dcs in (NAMED_UCS2, UNNAMED_UCS2)


def _known(dcs: int) -> None:
    if dcs not in (*range(UNNAMED_GSM + 1), NAMED_GSM, NAMED_UCS2, UNNAMED_UCS2):
        raise BadInput("broadcast-coding", f"data coding scheme {dcs} is not known here", hint="use 0 to 15, 16, 17 or 72")
