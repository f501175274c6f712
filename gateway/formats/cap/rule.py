"""How a rule of the CAP linter is written down: one small function, registered by its id."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from gateway.doors import xml
from gateway.fault import Finding, Gravity
from gateway.formats.cap.tree import path_of

Spots = Iterator[tuple[xml.Element, str]]
Search = Callable[[xml.Element], Spots]


class Rule(Struct, frozen=True):
    """One rule: it finds the elements that break it and says what is wrong with each; `hint` says how to mend it."""

    id: str
    severity: Gravity
    hint: str
    search: Search

    def findings(self, alert: xml.Element) -> Iterator[Finding]:
        """Return every breach of this rule, with its place; never raises for what a document holds."""
        for element, message in self.search(alert):
            yield Finding(
                rule=self.id,
                severity=self.severity,
                message=message,
                hint=self.hint,
                path=path_of(element),
                line=xml.line(element),
            )


RULES: dict[str, Rule] = {}


def rule(id: str, hint: str, severity: Gravity = Gravity.ERROR) -> Callable[[Search], Search]:
    """Register a function as the rule of that id; severity is that for messages we issue."""

    def register(search: Search) -> Search:
        RULES[id] = Rule(id, severity, hint, search)
        return search

    return register
