"""What refusals and findings mean, and what to do: a sentence for each code or family of codes, in the reader's language.

A sentence may have slots for what the English message names: {named} what stands there in quotes, {number} its first number,
{language} the tag it begins with.
"""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from gateway.fault import ANSWER_LATE
from gateway.web.console.lint import LINT


def _(words: str) -> str:
    return words


REFUSALS = {
    "unavailable": _("NOT SENT: the record does not answer, so nothing was done. Try again, or work at another node."),
    ANSWER_LATE: _("NOT KNOWN WHETHER SENT: the record answers too late. Look at the alert again before you do it once more."),
    "stale": _("Somebody else changed this meanwhile. Look at it as it is now, and decide again."),
    "hash": _("This is no longer the text you saw. Read it as it is now, and decide again."),
    "frozen": _("The version was submitted and cannot change any more. Reject it, then draft the next one."),
    "two-people": _("You made this version, so somebody else has to approve it. Call another approver."),
    "role-missing": _("You do not have the role for this. Ask a colleague who has it, or an admin."),
    "form-stale": _("This form is from an earlier session. Load the page again and do it once more."),
    "foreign-page": _("Another site asked for this in your name. Do it from the console itself."),
    "signed-out": _("Nobody is signed in here, or the shift is over. Sign in again."),
    "session-idle": _("Nobody did anything here for a while, so you were signed out. Sign in again and go on."),
    "sign-in": _("Name or password is wrong. Try again, or ask an admin for a link."),
    "link-spent": _("This link was used before or is too old. Ask for a new one."),
    "rate-limited": _("Too many tries for this name. Wait a minute."),
    "not-open": _("This version is closed already. Look at what became of it."),
    "not-submitted": _("This version is still a draft. Submit it first."),
    "not-live": _("This alert is not live any more. Look at what became of it."),
    "open-version": _("There is an open version already. Go on with that one, or reject it."),
    "alert-exists": _("There is an alert about this already. Go on with that one."),
    "duplicate": _("Another alert of the last 24 hours tells the same people of the same danger. Is this the same one?"),
    "not-read": _("You have not said that you read it. Read every language, then tick the box."),
    "area-not-typed": _("The name of the area is not what you typed. Read the area once more, and type its name."),
    "field-missing": _("Something is not filled in."),
    "field-invalid": _("Something cannot be read as it is written."),
    "reason-missing": _("The record needs a reason."),
    "missing": _("There is no such thing here. It may be mistyped."),
    "quarantine-missing": _("There is no such message."),
    "quarantine-settled": _("Somebody has dealt with this message before."),
    "still-refused": _("It was read again and refused again. Raise it by hand."),
    "text-too-long": _("A text is too long. Say it shorter."),
    "text-blank": _("A text says nothing. Write it, or leave the language out."),
    "expires-past": _("The alert would already be over. Give a later time."),
    "language-default": _("The first language of the city cannot be left out."),
    "geometry-outside": _("The area lies outside the city."),
    "targets-missing": _("No way out is chosen. Tick at least one."),
    "nothing-to-tell": _("The playbook has nothing to tell the public about this."),
    "playbook-missing": _("No playbook says what to do about this. Choose another hazard."),
    "http-404": _("There is no such page."),
    "internal": _("Something went wrong in the gateway; it was logged. Go back and look at what was done."),
    "scope-source": _("The message was sent under another name than its sender's."),
    "scope-hazard": _("This source may not report this hazard."),
    "scope-area": _("The area lies outside of what this source may report."),
    "status-missing": _("The message does not say whether it is meant in earnest or as an exercise."),
    "status-refused": _("It was meant in earnest, and this is an exercise."),
    "status-changed": _("The same incident was first an exercise and then in earnest, or the other way round."),
    "time-absurd": _("The times of the message make no sense. The sender's clock may be wrong."),
    "time-future": _("The message speaks of a time to come. The sender's clock may be wrong."),
    "reading-late": _("A newer reading of this sensor is known already."),
    "report-late": _("A newer report of this incident is known already."),
    "hazard-unknown": _("No hazard is called {named} here."),
    "unit-unknown": _("No unit is called {named} here."),
    "language-unknown": _("The alert has no text in this language."),
    "target-unknown": _("No way out has this name."),
    "target-gone": _("A way out that was told before is configured no more: it cannot be told."),
    "target-world": _("One of the ways out carries no such messages: exercise or in earnest."),
    "world": _("A way out does not carry such messages: exercise or in earnest."),
    "expires-onset": _("The alert would be over before the danger begins."),
    "expires-absurd": _("That is more than a year ahead."),
    "playbook-gone": _("The playbook of this alert is there no more, so its area cannot be changed."),
    "level-unknown": _("The playbook has no level for this. Decide by hand."),
    "area-missing": _("Nobody knows where it is. Draw the area in a new alert."),
    "area-edited": _("A person changed the area. Read the names of places in every text."),
    "area-derived": _("The source named stops, no area: this is the ground around them. No cell is told before you confirm it."),
    "zone-apart": _("The area does not touch a district that it names."),
    "newer-facts": _("The source knows more since this was drafted. Reject it for a new draft, or go on with what you know."),
    "source-gone": _("The city hears this source no more. Raise it by hand."),
    "geometry-invalid": _("The outline is no simple closed area."),
    "geometry-missing": _("There is neither an outline nor a district."),
    "geometry-line": _("A line covers no ground. Draw an area."),
    "geometry-swapped": _("Latitude and longitude are exchanged."),
    "geometry-too-large": _("The outline has too many points. Draw a simpler one."),
    "geometry-too-detailed": _("The outline is too detailed. Draw a simpler one, or split it."),
    "geometry-partly-outside": _("{number} % of the area lies outside the city."),
    "geometry-buffered": _("The line became a strip of {number} m to either side."),
    "geometry-simplified": _("The outline was simplified and grew by up to {number} m."),
    "words-shortened": _("{language}: a text did not fit and was shortened: {named}"),
    "words-left-out": _("{language}: this language cannot be written, so it is left out."),
    "words-class-left-out": _("{language}: one of the short texts cannot be written, so it is left out."),
    "words-default-missing": _("The city's first language cannot be written, so there is no alert."),
    "words-too-long": _("A text is too long for the place where it would stand. Say it shorter."),
    "words-unreviewed": _("The wording is not reviewed by a native speaker, and this city sends only reviewed ones."),
    "place-unknown": _("No place is called {named} here."),
    "broadcast-nowhere": _("No cell is known to serve this area."),
    "broadcast-text": _("No text fits the cell broadcast. Shorten it, or leave this way out."),
    "broadcast-too-long": _("The text is too long for a cell broadcast. Shorten it."),
    "broadcast-letters": _("The cell broadcast cannot carry one of the letters."),
    "cap-headline": _("A headline is longer than partners take. Say it shorter."),
    "draft-broke": _("Something went wrong in the gateway while the draft was made; it was logged. Draft it by hand."),
    "busy": _("Too much changed at once, so nothing was done. Try again."),
    "receipt-conflict": _("The same name of a message came with other bytes before."),
    "version-open": _("There is an open version already. Go on with that one, or reject it."),
    "identifier-taken": _("A document of this name went out before. Reject the version and draft the next one."),
    "count-invalid": _("The count does not have the form that was agreed on."),
    "counts-unreadable": _("The counts cannot be read. Their digits were not kept, so look into the sender's own log."),
    "zone-too-small": _("The counting zone is too small to keep small counts secret."),
    "magnitude-below": _("The earthquake is weaker than the city wants to hear of."),
    "intensity-below": _("The earthquake was felt less here than the city wants to hear of."),
    "district-elsewhere": _("No district of this city was shaken."),
} | LINT
FAMILIES = {
    "json-*": _("The message is no sound JSON document."),
    "xml-*": _("The message is no sound XML document."),
    "schema-*": _("The message does not have the form that was agreed on."),
    "text-*": _("A text holds characters that nobody could see or that hide others. Write it anew."),
    "password-*": _("The password is too short or too long. Take a few words."),
    "fact-*": _("One of the facts does not fit: it has another kind, or no name that people know."),
    "words-*": _("The text cannot be written in one of the languages."),
    "broadcast-*": _("It cannot be put into a cell broadcast."),
    "mail-*": _("The settings of the mail do not fit: its sender or its list."),
    "cap-*": _("It cannot be written as a CAP message that partners take."),
    "[A-Z][0-9]*": _("It is a CAP message that breaks a rule of the standard or of this country."),
    "scope-*": _("Whoever sent this may not bring it."),
    "parameter-*": _("Something in the address cannot be read."),
    "transit-*": _("A line or stop does not fit the city's timetable."),
    "response-*": _("The playbook's response is none that CAP knows."),
    "store-*": _("The record cannot be used. Nothing was done."),
    "http-*": _("The page cannot be shown."),
    "channel-*": _("A way out is not set up rightly."),
    "accepts-*": _("A way out is not set up rightly."),
    "webhook-*": _("A way out is not set up rightly."),
    "url-*": _("The address of a way out is not set up rightly."),
    "country-*": _("No plan is known for this country."),
    "time-*": _("A time cannot be read."),
    "*-elsewhere": _("It concerns another place than this city."),
    "*-unknown": _("{named} is not known here. Nothing unknown is guessed."),
    "*-missing": _("Something is missing that is needed."),
    "*-invalid": _("Something cannot be read as it is written."),
    "*-unreadable": _("The message cannot be read."),
}
"""By the beginnings and ends of codes, which vendors' adapters follow too; the first that fits counts."""


def found(code: str) -> str:
    """Return the English sentence of a code, or of the linter's rule behind `cap-`, else of its first family, else ""."""
    ruled = re.fullmatch("cap-([a-z][0-9]{2})", code)
    families = (words for family, words in FAMILIES.items() if fnmatchcase(code, family))
    return REFUSALS.get(ruled[1].upper() if ruled else code) or next(families, "")


def plain(code: str, message: str, gettext: Callable[[str], str]) -> str:
    """Return what a code means in a reader's words, its slots filled from the message; "" where we have none for it."""
    words = found(code)
    try:
        return gettext(words).format_map(_slots(message)) if words else ""
    except KeyError:
        return ""


def _slots(message: str) -> dict[str, str]:
    patterns = {"named": r"'([^']*)'", "number": r"(\d+(?:\.\d+)?)", "language": r"^([A-Za-z]{2,3}(?:-\w+)*): "}
    return {name: match[1] for name, pattern in patterns.items() if (match := re.search(pattern, message))}
