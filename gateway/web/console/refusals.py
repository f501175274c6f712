"""What the commonest refusals mean at the console, and what to do: one sentence for each code, in the reader's language."""


def _(words: str) -> str:
    return words


REFUSALS = {
    "unavailable": _("NOT SENT: the record does not answer, so nothing was done. Try again, or work at another node."),
    "stale": _("Somebody else changed this meanwhile. Look at it as it is now, and decide again."),
    "hash": _("This is no longer the text you saw. Read it as it is now, and decide again."),
    "frozen": _("The version was submitted and cannot change any more. Reject it, then draft the next one."),
    "two-people": _("You made this version, so somebody else has to approve it. Call another approver."),
    "role-missing": _("You do not have the role for this. Ask a colleague who has it, or an admin."),
    "form-stale": _("This form is from an earlier session. Load the page again and do it once more."),
    "foreign-page": _("Another site asked for this in your name. Do it from the console itself."),
    "signed-out": _("Nobody is signed in here, or the shift is over. Sign in again."),
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
}
