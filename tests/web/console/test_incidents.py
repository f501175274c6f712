"""What goes on in the city, as the console shows it."""

import json

from tests.web.console.desk import Desk
from tests.web.town import incident, observation


async def test_an_incident_shows_its_reports_and_why_one_does_not_count(desk: Desk) -> None:
    for sequence, minute in ((2, "18:19:40"), (1, "18:19:10")):
        facts = {"depth": {"value": sequence, "unit": "m"}}
        body = incident(id="a/b", sequence=sequence, reported=f"2026-07-14T{minute}+09:00", facts=facts)
        assert (await desk.town.ask("POST", "/v1/incidents/control-room", "control-room", body)).status == 202
    async with desk.visitor("guest") as guest:
        (link,) = (await guest.get("/console/incidents")).links("/incidents/")
        page = await guest.get(link)
        assert page.status == 200
        assert "flash flood · severe" in page.said
        assert "Hannae riverside" in page.said
        assert "kept, does not count" in page.said
        assert len(page.root.xpath("//ol/li")) == 2
        assert page.root.xpath("//*[local-name()='svg']/*[local-name()='title']/text()") == ["Map of what was reported"]


async def test_the_alert_of_an_incident_is_one_click_away(desk: Desk) -> None:
    alert = await desk.drafted("call-7")
    async with desk.visitor("kim") as kim:
        page = await kim.get("/console/incidents/operator/call-7")
        assert page.links(alert)
        assert (await kim.get(alert)).links("/incidents/operator/call-7")


async def test_readings_stand_with_their_values(desk: Desk) -> None:
    body = json.dumps(observation(5.1)).encode()
    assert (await desk.town.signed(body)).status == 202
    async with desk.visitor("guest") as guest:
        page = await guest.get("/console/incidents/river-telemetry/hannae")
        assert "G-03 water-level 5.1 m" in page.said
