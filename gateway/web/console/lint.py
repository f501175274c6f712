"""What the rules of the CAP linter mean, in the document of another agency: what was mended, flagged or refused."""


def _(words: str) -> str:
    return words


LINT = {
    "D01": _("It names a stylesheet, or declares what could hide or fetch something."),
    "D02": _("The document is larger or deeper than we read."),
    "D03": _("It is written in another version of CAP."),
    "D05": _("It is written in another encoding than UTF-8."),
    "D07": _("A comment stands inside a text; the text around it was joined."),
    "D08": _("A signature stands where none may."),
    "D09": _("An element is there but says nothing."),
    "D10": _("White space stands around a value; it was taken off."),
    "A01": _("Its identifier cannot be referred to."),
    "A02": _("Its sender is no name that is unique in the world."),
    "A04": _("A message of the same name came before with other bytes."),
    "A08": _("It writes UTC as +00:00."),
    "A09": _("It says it was sent at a time that is still to come."),
    "A10": _("It is a draft, which may not leave its house."),
    "A11": _("It is an exercise, and no note names which."),
    "A14": _("It is private, but addressed to nobody."),
    "A15": _("Who may read it, and the restriction it names, do not agree."),
    "A19": _("It is public news without a text."),
    "R01": _("It does not say which message it follows."),
    "R02": _("What it refers to names no message."),
    "R03": _("It refers to itself."),
    "R04": _("It refers to a message that was sent later."),
    "I01": _("It does not name the language of a text."),
    "I05": _("The same words stand under two languages."),
    "I07": _("A headline is long, or says what the description says."),
    "I11": _("A web address is not whole."),
    "T01": _("It does not say when it is over."),
    "T02": _("It is over before it begins."),
    "G01": _("An area is missing, or has no description."),
    "G03": _("A polygon cannot be read."),
    "G04": _("A polygon is open."),
    "G05": _("A point is not on earth; latitude and longitude may be swapped."),
    "G06": _("The outline of an area crosses itself, or encloses nothing."),
    "G08": _("A circle cannot be read, or has no size."),
    "text-hidden": _("Characters that cannot be shown were left out. Read the document itself."),
    "cap-broke": _("Something went wrong in the gateway while it was read; it was logged."),
    "cap-number": _("A number in it is beyond reason."),
    "cap-time": _("A time in it is beyond reason, or none at all."),
    "scope-sender": _("The agency that brought it may not speak for that sender."),
}
