"""Rules about what is said in each language (I) and about its times (T)."""

import re
from collections import defaultdict

from langcodes.tag_parser import LanguageTagError, parse_tag

from gateway.doors import xml
from gateway.fault import Gravity
from gateway.formats.cap.rule import Spots, rule
from gateway.formats.cap.rules_message import known, sent_of
from gateway.formats.cap.tree import each, value

LONGEST_HEADLINE = 160

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_TOLD = ("headline", "description", "instruction")


@rule("I01", "name the language by its RFC 5646 tag, such as ko or en-US")
def language_is_named(alert: xml.Element) -> Spots:
    """Without language a text counts as American English."""
    for info in each(alert, "info"):
        if not (tag := value(info, "language")):
            yield info, "the language is not named"
        elif not _well_formed(tag):
            yield each(info, "language")[0], f"{tag!r} is no language tag"


@rule("I05", "translate the text", Gravity.WARNING)
def languages_differ(alert: xml.Element) -> Spots:
    """The same words under two languages are a translation that was forgotten."""
    heard: dict[tuple[str, str], set[str]] = defaultdict(set)
    for info in each(alert, "info"):
        language = value(info, "language").partition("-")[0].lower()
        for name in _TOLD:
            said = value(info, name)
            if said and heard[name, said] - {language}:
                yield each(info, name)[0], f"the same {name} stands under another language"
            heard[name, said].add(language)


@rule("I07", "say it in 160 characters, and other than in the description", Gravity.WARNING)
def headline_is_short_and_its_own(alert: xml.Element) -> Spots:
    """A headline fits a small screen (section 3.2.2)."""
    for headline in each(alert, "info/headline"):
        said = xml.text(headline).strip()
        if len(said) > LONGEST_HEADLINE:
            yield headline, f"{len(said)} characters"
        elif said and said in [xml.text(other).strip() for other in headline.itersiblings("{*}description")]:
            yield headline, "the description says the same"


@rule("I11", "give the whole address, with https:")
def web_is_absolute(alert: xml.Element) -> Spots:
    """A receiver has no page to which an address could be relative (section 3.2.2)."""
    for web in each(alert, "info/web"):
        if (said := xml.text(web).strip()) and not _ABSOLUTE.fullmatch(said):
            yield web, f"{said!r} is no absolute address"


@rule("T01", "say when the alert is over")
def expiry_is_said(alert: xml.Element) -> Spots:
    """Without expires every receiver invents one."""
    return ((info, "it never expires") for info in each(alert, "info") if not value(info, "expires"))


@rule("T02", "let it expire after it is sent and effective, and not before onset")
def expiry_comes_last(alert: xml.Element) -> Spots:
    """An alert that is over before it begins is shown by nobody."""
    sent = sent_of(alert)
    for info in each(alert, "info"):
        expires, effective, onset = (known(value(info, name)) for name in ("expires", "effective", "onset"))
        if not expires:
            continue
        late = (sent and expires <= sent) or (effective and expires <= effective) or (onset and expires < onset)
        if late:
            yield each(info, "expires")[0], "it expires before it begins"


def _well_formed(tag: str) -> bool:
    try:
        parse_tag(tag)  # type: ignore[no-untyped-call]  # langcodes leaves it bare
    except LanguageTagError:
        return False
    return True
