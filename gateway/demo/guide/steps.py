"""What to do next, in plain words, for somebody who has never seen an alert gateway."""

from collections.abc import Mapping

from msgspec import Struct

from gateway.demo.live import Now, Step

PATH = ("The river rises", "Kim submits", "Lee approves", "Everybody is told", "Kim ends it", "Lee confirms", "All clear")
"""The whole way, a word or two for each step."""


class Card(Struct, frozen=True):
    """One step: what it is called, what happens and what to do, and as whom to go to the console ("" for nobody)."""

    title: str
    what: str
    todo: str
    who: str = ""


CARDS: Mapping[Step, Card] = {
    Step.SUBMIT: Card(
        "A warning is proposed. Nobody has been told yet.",
        "The water at Hannae Bridge stands at 4.4 m. The city decided in advance what to do then, so the text is ready in six"
        " languages, with its area and everybody who would get it.",
        "Sign in as Kim, open the alert, read it, and press Submit.",
        "kim",
    ),
    Step.APPROVE: Card(
        "Kim has submitted it. A second person must agree.",
        "From here on not a letter changes. Kim cannot approve her own alert.",
        "Sign in as Lee, open the alert, compare, and press Approve.",
        "lee",
    ),
    Step.SEE: Card(
        "Everybody has been told.",
        "Below stands what arrived, read back from the bytes each receiver got.",
        "Look around. In a moment the water falls, and an all clear is proposed.",
    ),
    Step.END: Card(
        "The water has fallen. An all clear is proposed.",
        "Ending an alert takes two people too. Taking back one that was wrong takes only one: Cancel.",
        "As Kim, open the alert again and press Submit. Or cancel it, with a reason.",
        "kim",
    ),
    Step.END_APPROVE: Card(
        "Kim has submitted the all clear.",
        "It goes to everybody who was warned.",
        "As Lee, open the alert and press Approve.",
        "lee",
    ),
    Step.DONE: Card(
        "It is over, and everybody knows.",
        "Whoever was warned has been told. Every step stands in a record that shows tampering.",
        "Look at what each of them has now. Ctrl-C in the terminal stops everything; nothing stays behind.",
    ),
}


def card(now: Now) -> Card:
    """Return what to tell at this step."""
    if now.step is not Step.WAIT:
        return CARDS[now.step]
    if now.rises_in_s:
        calm = "This is Hanbat, a city that exists only here. Its river stands at 1.2 m."
        return Card("The river is calm.", calm, f"Nothing to do: in {now.rises_in_s} seconds it begins to rise by itself.")
    return Card(
        "The river rises.", "The gauge at Hannae Bridge reads 4.4 m; it must last before anybody is alarmed.", "A few seconds."
    )


def title(now: Now) -> str:
    """Return a step in two sentences."""
    told = card(now)
    return f"{told.title} {told.todo}"
