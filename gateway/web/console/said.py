"""The words for what the record knows by identifiers: states, deeds, hazards, facts.

Tables hold the English words, marked by `_` for the catalogue; a reader's language is looked up when a page is made.
"""

from collections.abc import Mapping

from gateway.web.console.hazards import HAZARDS


def _(words: str) -> str:
    return words


STAGES = {
    "draft": _("draft"),
    "submitted": _("waits for approval"),
    "issued": _("live"),
    "superseded": _("superseded"),
    "cancelled": _("cancelled"),
    "ended": _("all clear given"),
    "expired": _("run out"),
    "rejected": _("rejected"),
}
KINDS = {
    "alert": _("new alert"),
    "update": _("update"),
    "end": _("all clear"),
    "cancel": _("cancel, issued in error"),
}
DEEDS = {
    "drafted": _("drafted"),
    "edited": _("edited"),
    "submitted": _("submitted"),
    "approved": _("approved"),
    "issued": _("issued"),
    "rejected": _("rejected"),
    "voided": _("replaced by another version"),
    "expired": _("ran out"),
}
STATES = {
    "held": _("kept for the end"),
    "waiting": _("waits"),
    "in-doubt": _("in doubt, tried again"),
    "sending": _("being sent"),
    "accepted": _("accepted"),
    "on-air": _("on air"),
    "partly": _("partly"),
    "simulated": _("simulated, sent nowhere"),
    "refused": _("refused"),
    "expired": _("too late, not told"),
    "superseded": _("overtaken by a newer one"),
    "nothing-to-cancel": _("nothing to cancel there"),
    "unknown": _("nobody knows"),
}
VERDICTS = {
    "accepted": _("the far side took it"),
    "on-air": _("it is on air"),
    "partly": _("only a part of it got through"),
    "simulated": _("rehearsal: nothing was sent"),
    "refused": _("it was refused"),
    "unreachable": _("it did not get there"),
    "ambiguous": _("no answer: it may have got there"),
}
SEVERITIES = {
    "extreme": _("extreme"),
    "severe": _("severe"),
    "moderate": _("moderate"),
    "minor": _("minor"),
    "unknown": _("severity unknown"),
}
URGENCIES = {
    "immediate": _("now"),
    "expected": _("within the hour"),
    "future": _("later"),
    "past": _("over"),
    "unknown": _("time unknown"),
}
CERTAINTIES = {
    "observed": _("seen"),
    "likely": _("likely"),
    "possible": _("possible"),
    "unlikely": _("unlikely"),
    "unknown": _("certainty unknown"),
}
SCOPES = {"public": _("the public"), "restricted": _("responders only"), "private": _("nobody else")}
LEVELS = {
    "notice": _("notice"),
    "watch": _("watch"),
    "danger": _("danger"),
    "evacuate": _("evacuate"),
    "disruption": _("disruption"),
    "search": _("search"),
    "felt": _("felt"),
    "strong": _("strong"),
    "soft": _("soft"),
    "hard": _("hard"),
}
FIELDS = {
    "event": _("Event"),
    "headline": _("Headline"),
    "description": _("What happens"),
    "instruction": _("What to do"),
    "short": _("In one line"),
    "cell-broadcast-90": _("Cell broadcast, up to 90 characters"),
    "cell-broadcast-157": _("Cell broadcast, up to 157 characters"),
    "sign": _("Sign"),
    "push": _("App notification"),
}
FACTS = {
    "place": _("place"),
    "depth": _("depth"),
    "temperature": _("temperature"),
    "route": _("line"),
    "radius": _("radius"),
    "height": _("height"),
    "count": _("number"),
    "age": _("age"),
    "to_stop": _("to station"),
    "from_stop": _("from station"),
    "snow": _("snow"),
    "shelter": _("shelter"),
    "rain": _("rain"),
    "phone": _("telephone"),
    "magnitude": _("magnitude"),
    "distance": _("distance"),
    "arrival": _("arrival"),
}
PARTS = {"message": _("message"), "clear": _("taking it off air")}
ENDINGS = {"over": _("it is over"), "error": _("it was an error"), "duplicate": _("it was reported twice")}
QUALITIES = {"good": _("good"), "suspect": _("suspect"), "bad": _("bad")}
ROLES = {"viewer": _("may look"), "operator": _("operator"), "approver": _("approver"), "admin": _("admin")}
UNITS = {"min": _("minutes"), "h": _("hours"), "d": _("days"), "m": "m", "km": "km", "mm": "mm", "cm": "cm"}
LANGUAGES = {
    "ko": "한국어",
    "en": "English",
    "zh-Hans": "简体中文",
    "ja": "日本語",
    "vi": "Tiếng Việt",
    "th": "ไทย",
    "ar": "العربية",
    "ur": "اردو",
}
AGENCIES = {
    "live": _("live"),
    "over": _("run out"),
    "superseded": _("superseded"),
    "cancelled": _("cancelled"),
    "update": _("update"),
    "cancel": _("takes an alert back"),
    "ack": _("acknowledges a message"),
    "error": _("rejects a message"),
    "test": _("test, no alert"),
    "system": _("between machines, no alert"),
}
WORDS: Mapping[str, Mapping[str, str]] = {
    "stage": STAGES,
    "kind": KINDS,
    "deed": DEEDS,
    "state": STATES,
    "verdict": VERDICTS,
    "severity": SEVERITIES,
    "urgency": URGENCIES,
    "certainty": CERTAINTIES,
    "scope": SCOPES,
    "agency": AGENCIES,
    "level": LEVELS,
    "field": FIELDS,
    "fact": FACTS,
    "part": PARTS,
    "ending": ENDINGS,
    "quality": QUALITIES,
    "role": ROLES,
    "unit": UNITS,
    "hazard": HAZARDS,
    "language": LANGUAGES,
}
"""Identifier to English words, by what it identifies; a name that the city itself gave, as of a level, may be missing."""
