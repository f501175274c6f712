"""What another agency's message is to us: information, or a refusal; pure, so a lost race is decided again."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from gateway.access import Grant, may_bring
from gateway.alert import digest
from gateway.delivery.pager import page
from gateway.fault import BadInput, Fault, Faults, Finding, Gravity
from gateway.formats import cap
from gateway.journal.records import Arrival, Foreign, Heard, ItemAnswer, Todo
from gateway.policy.foreign import earlier, expires, name
from gateway.source import Raw, Refusal

SKEW = timedelta(minutes=5)
MOST_TOLD = 3

log = structlog.get_logger()


def read(raw: Raw, grant: Grant, now: datetime) -> Foreign | Refusal:
    """Return what a partner's bytes say, or why they are refused."""
    try:
        received = cap.receive(raw.body)
        said = received.message
        may_bring(grant, said.sender, (reference.sender for reference in said.references))
        findings = (*received.findings, *_early(said.sent, now))
        return Foreign(id=name(said.reference), message=said, expires=expires(said), findings=findings, earlier=earlier(said))
    except Fault as fault:
        return _refusal(fault)
    except Exception as error:
        log.exception("cap.broke", source=raw.source)
        message, hint = f"something broke here: {type(error).__name__}", "raise it by hand; it was logged"
        return Refusal(code="cap-broke", message=message, hint=hint)


def arrival(said: Foreign | Refusal, before: Heard | None, raw: Raw, key: str | None, now: datetime) -> Arrival:
    """Return what is to be recorded of a request; `before` is the message of the same name that came earlier, if one did."""
    if isinstance(said, Foreign) and before is not None and before.sha256 != digest(raw.body):
        message = f"{said.message.identifier!r} came before in other bytes, and a message never changes"
        said = Refusal(code="cap-a04", message=message, path="/alert/identifier", hint="send an Update under a new identifier")
    if isinstance(said, Refusal):
        answer = ItemAnswer(index=0, accepted=False, code=said.code, message=said.message, path=said.path, hint=said.hint)
        refused, todos = ((0, said),), (_page(said, raw.source),)
        return Arrival(at=now, raw=raw, key=key, actor=raw.source, refusals=refused, answers=(answer,), todos=todos)
    message = "it came before" if before else _told(said.findings)
    answer = ItemAnswer(index=0, accepted=True, cap=said.id, applied=before is None, message=message)
    return Arrival(at=now, raw=raw, key=key, actor=raw.source, foreign=() if before else (said,), answers=(answer,))


def _early(sent: datetime, now: datetime) -> Iterator[Finding]:
    if sent > now + SKEW:
        message, hint = f"sent {sent.isoformat()}, which is still to come", "set the clock of whoever sends"
        yield Finding(rule="A09", message=message, severity=Gravity.WARNING, path="/alert/sent", hint=hint)


def _told(findings: tuple[Finding, ...]) -> str:
    rules = ", ".join(sorted({finding.rule for finding in findings}))
    return f"taken with findings: {rules}" if rules else ""


def _page(no: Refusal, source: str) -> Todo:
    return page(no.code, f"{source} sent an alert we refused: {no.message}", f"quarantine:{source}:{no.code}")


def _refusal(fault: Fault) -> Refusal:
    """Say everything that is wrong in one sentence, under the code of the first; a rule's code is its id behind `cap-`."""
    found = fault.findings if isinstance(fault, Faults) else ()
    told = "; ".join(finding.message for finding in found[:MOST_TOLD]) or fault.message
    more = f"; and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    ruled = isinstance(fault, BadInput) and not fault.code.startswith("cap-")
    code = f"cap-{fault.code.lower()}" if ruled else fault.code
    return Refusal(code=code, message=told + more, path=fault.path, hint=fault.hint)
