from functools import partial
from pathlib import Path

import pytest

from gateway.access import Actor, Role
from gateway.delivery import Courier
from gateway.demo.receivers import Receiver
from gateway.demo.town import FIRST, settle
from gateway.service import Service, running
from gateway.source import read_incident

SECRET = "whsec_" + "A" * 43 + "="
NEVER_S = 3600.0
RING = [[127.352, 36.35], [127.36, 36.35], [127.36, 36.354], [127.352, 36.35]]
KIM, LEE = Actor("kim", frozenset({Role.OPERATOR})), Actor("lee", frozenset({Role.APPROVER}))


async def test_an_approval_wakes_the_courier_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No poll comes to its help here: the next one would be in an hour."""
    monkeypatch.setattr(running, "TICK_S", NEVER_S)
    monkeypatch.setattr(running, "Courier", partial(Courier, poll_s=NEVER_S))
    async with Receiver(path="/cap") as broadcaster, Receiver(path="/app") as app:
        settle(tmp_path, {"broadcaster": broadcaster.url, "city-app": app.url}, SECRET, reach=FIRST)
        async with Service.open(tmp_path) as service:
            drafted = await service.gateway.create(read_incident(fire(service)), KIM)
            waiting = (await service.gateway.submit(drafted.id, drafted.revision, KIM)).open
            assert waiting is not None

            await service.gateway.approve(drafted.id, waiting.version.number, waiting.hash, LEE)

            assert drafted.id.encode() in (await broadcaster.arrival(1)).body
            assert drafted.id.encode() in (await app.arrival(1)).body


def fire(service: Service) -> dict[str, object]:
    area = {"role": "danger", "name": {"ko": "둔치", "en": "Riverside"}, "geometry": {"type": "Polygon", "coordinates": [RING]}}
    said = {"severity": "severe", "urgency": "immediate", "certainty": "observed", "onset": service.gateway.now().isoformat()}
    return {"source": "desk", "id": "call-1", "hazard": "structure-fire", "areas": [area], **said}
