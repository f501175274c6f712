"""A draft as the engine asks for it."""

import msgspec

from gateway import drafting
from gateway.alert import IncidentKey, Kind, Version
from gateway.drafting import Brief
from gateway.engine import Plan
from gateway.incident import Incident
from tests.engine.hall import DAWN


def brief(plan: Plan, report: Incident, **changes: object) -> Brief:
    playbook = plan.playbook_for(report.hazard, report.source, report.id)
    key = IncidentKey(report.source, report.id, 1)
    made = Brief(
        kind=Kind.ALERT,
        level=playbook.level("danger"),
        incident=report,
        key=key,
        sequence=1,
        playbook=playbook,
        alert="hanbat-1",
        number=1,
        now=DAWN,
    )
    return msgspec.structs.replace(made, **changes)


def drafted(plan: Plan, report: Incident, **changes: object) -> Version:
    return drafting.draft(brief(plan, report, **changes), plan.desk)
