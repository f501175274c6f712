"""A version gets its words: facts spoken by their names, texts in every language."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from gateway.alert import Place, Version
from gateway.city import City
from gateway.drafting.desk import Desk
from gateway.fault import BadInput
from gateway.hazard import SlotType, hazard
from gateway.words import Ask, place_name

PLACES = frozenset({SlotType.PLACE, SlotType.PLACE_LIST, SlotType.STATION})


def written(version: Version, desk: Desk, languages: tuple[str, ...]) -> Version:
    """Return a version with its texts, the languages left out and the findings about both; raises as `Words.compose` does."""
    told = desk.words.compose(
        Ask(
            hazard=hazard(version.hazard),
            form=version.kind,
            status=version.status,
            level=version.level,
            responses=version.responses,
            facts=spoken(version.hazard, version.facts, desk.city),
            place=_names(version.places),
            onset=version.onset,
            until=version.expires,
            timezone=desk.timezone,
            sender_name=desk.sender_name,
            languages=languages,
            reviewed_only=desk.reviewed_only,
            classes=tuple(sorted(desk.classes.union(*(channel.abilities.classes for channel in desk.channels.values())))),
        )
    )
    return msgspec.structs.replace(
        version,
        places=named(version.places, desk),
        texts=told.texts,
        left_out=tuple(sorted({*told.left_out, *desk.languages} - {text.language for text in told.texts})),
        findings=(*version.findings, *told.findings),
    )


def named(places: Iterable[Place], desk: Desk) -> tuple[Place, ...]:
    """Return the places with a name in each of the city's languages, as its texts tell it, where there is one to tell."""
    return tuple(msgspec.structs.replace(place, name={**_told(place, desk), **place.name}) for place in places)


def _told(place: Place, desk: Desk) -> Mapping[str, str]:
    default = desk.languages[0]
    if default not in place.name:
        return {}
    return {language: place_name(place.name, language, default) for language in desk.languages}


def spoken(name: str, facts: Mapping[str, object], city: City) -> Mapping[str, object]:
    """Return a hazard's facts with every place that has an identifier told by its names; raises BadInput("place-unknown")."""
    slots = hazard(name).facts
    return {fact: _named(value, city) if slots.get(fact) in PLACES else value for fact, value in facts.items()}


def _named(value: object, city: City) -> object:
    if isinstance(value, list | tuple):
        return [_named(one, city) for one in value]
    if not isinstance(value, str):
        return value
    if value not in city.places:
        raise BadInput(
            "place-unknown", f"no place is called {value!r}", path="/facts", hint="name it under [places] in city.toml"
        )
    return city.places[value]


def _names(places: Sequence[Place]) -> Mapping[str, str]:
    """Return the places as one list in each language that names all of them: half a list would leave some people out."""
    languages = [language for language in places[0].name if all(language in place.name for place in places)] if places else []
    return {language: ", ".join(dict.fromkeys(place.name[language] for place in places)) for language in languages}
