"""Names of places in a language that may lack them."""

from collections.abc import Mapping

from gateway.fault import BadInput
from gateway.words import languages
from gateway.words.catalogue import SOURCE


def place_name(names: Mapping[str, str], language: str, fallback: str) -> str:
    """Return a place's name in a language; raises BadInput("fact-text") where there is none to tell.

    Without its own, English says it with the fallback's name in brackets, the one that stands on the spot.
    """
    own, english, local = (languages.find(tag, names) for tag in (language, SOURCE, fallback))
    if own is not None:
        return names[own]
    if local is None:
        raise BadInput("fact-text", f"no name in {language} or {fallback}", hint="name the place in the city folder")
    if english is None or english == local:
        return f"({names[local]})"
    return names[local] if names[english] == names[local] else f"{names[english]} ({names[local]})"
