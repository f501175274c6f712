"""An alert's page at three in the morning: two editors, second clicks, stale hashes, a shift that ran out while writing."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from gateway.access import hash_password
from gateway.channel import Verdict
from tests.journal.samples import claim, settle
from tests.web.console.desk import Desk, Page, Visitor

ZONE = "9920010100"
PASSWORD = "correct horse battery"  # noqa: S105 - a test's


async def submitted(visitor: Visitor, alert: str) -> Page:
    """Submit a draft as it is."""
    page = await visitor.send(await visitor.get(alert), f"{alert}/submit")
    assert "waits for approval" in page.said, page.said
    return page


async def approve(visitor: Visitor, alert: str, page: Page | None = None, **changes: str) -> Page:
    """Tick the box, type the area's name where it is asked for, and approve."""
    page = page or await visitor.get(alert)
    area = {"area": page.root.xpath("//input[@name='area']/../strong")[0].text_content()} if "Type the name" in page.said else {}
    return await visitor.send(page, f"{alert}/approve", **({"read": "yes"} | area | changes))


def deeds(page: Page) -> Sequence[str]:
    """Return who did what, the newest first."""
    return [" ".join(item.text_content().split()[1:]) for item in page.root.xpath("//ol[@class='list']/li")]


async def test_the_whole_story_without_any_script(desk: Desk) -> None:
    async with desk.visitor("kim") as kim, desk.visitor("lee") as lee:
        page = await kim.get("/console/new?hazard=flash-flood")
        fields = dict(page.form("/console/new")) | {"severity": "severe", "zone": ZONE}
        page = await kim.post("/console/new", fields)
        (alert,) = {form.action.rpartition("/")[0] for form in page.root.forms if form.action.endswith("/edit")}
        page = await kim.send(page, f"{alert}/submit", en__headline="Leave the riverside now")
        assert "Leave the riverside now" in page.said
        page = await lee.get("/console")
        assert "submitted by kim" in page.said
        assert "may approve: lee, park" in page.said
        page = await approve(lee, alert)
        assert [deed.split(",")[0] for deed in deeds(page)[:2]] == ["gateway: issued", "lee: approved"]
        assert "waits" in page.said
        page = await kim.send(await kim.get(alert), f"{alert}/end", reason="the water is back")
        assert "all clear" in page.said
        page = await kim.send(page, f"{alert}/reject", reason="too early")
        assert "too early" in page.said
        page = await lee.get(f"{alert}/cancel")
        page = await lee.send(page, f"{alert}/cancel", reason="the gauge was broken")
        assert page.root.xpath("//h1/span/text()") == ["cancelled"]
        assert "the gauge was broken" in page.said


async def test_what_came_of_a_try_is_told(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim, desk.visitor("lee") as lee:
        await submitted(kim, alert)
        await approve(lee, alert)
        (one,) = await claim(desk.town.journal, "partners", now=desk.town.clock())
        await settle(desk.town.journal, one, Verdict.REFUSED, at=desk.town.clock())
        page = await lee.get(alert)
        assert page.status == 200
        assert "it was refused as the far side said 18:20:00" in page.said
        assert "받는 쪽이 거절했습니다" in (await lee.get(alert, Accept_Language="ko")).said


async def test_two_editors_see_both_texts_and_choose(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim, desk.visitor("park") as park:
        kims, parks = await kim.get(alert), await park.get(alert)
        await kim.send(kims, f"{alert}/edit", en__headline="Kim was here")
        page = await park.send(parks, f"{alert}/submit", en__headline="Park was here")
        assert page.status == 409
        assert "Two people changed this draft" in page.said
        assert dict(page.form("/edit"))["en.headline"] == "Park was here"
        assert "saved meanwhile: [EXERCISE] Kim was here" in page.said
        assert "Kim was here" in (await park.get(alert)).said or dict((await park.get(alert)).form("/edit"))["en.headline"]
        page = await park.send(page, f"{alert}/edit")
        assert dict(page.form("/edit"))["en.headline"] == "[EXERCISE] Park was here"


async def test_saving_what_is_there_already_changes_nothing(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim:
        page = await kim.get(alert)
        first = await kim.send(page, f"{alert}/edit", en__headline="Once")
        second = await kim.send(first, f"{alert}/edit")
        assert deeds(first) == deeds(second)
        assert sum("edited" in deed for deed in deeds(second)) == 1


@pytest.mark.parametrize("verb", ["submit", "reject", "update", "end", "cancel", "approve", "new"])
async def test_a_second_click_does_no_more_and_says_no_wrong(desk: Desk, verb: str) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim, desk.visitor("lee") as lee:
        who, path, more = kim, f"{alert}/{verb}", [("reason", "because")] * (verb in ("reject", "end", "cancel"))
        if verb not in ("submit", "reject", "new"):
            page = await submitted(kim, alert)
        if verb in ("update", "end", "cancel"):
            await approve(lee, alert)
        if verb == "approve":
            who, more = lee, [("read", "yes"), ("area", "한내 둔치")]
        if verb == "new":
            path, more = "/console/new", [("severity", "severe"), ("zone", "9920010400")]
        page = await who.get({"new": "/console/new?hazard=structure-fire", "cancel": path}.get(verb, alert))
        if verb == "new":
            page = await who.get("/console/new?hazard=flash-flood")
        fields = [*(field for field in page.form(path) if field[0] not in dict(more)), *more]
        first = await who.post(path, fields)
        second = await who.post(path, fields)
        assert first.status == second.status == 200, second.said[:400]
        assert deeds(first) == deeds(second)


async def test_a_second_approver_is_told_that_it_is_done(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim, desk.visitor("lee") as lee, desk.visitor("park") as park:
        await submitted(kim, alert)
        page = await park.get(alert)
        await approve(lee, alert)
        late = await approve(park, alert, page)
        assert late.status == 409
        assert "This version is closed already" in late.said


async def test_nobody_approves_their_own_and_that_is_noted(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("park") as park:
        page = await park.send(await park.get(alert), f"{alert}/submit")
        assert "somebody else approves it" in page.said
        refused = await approve(park, alert)
        assert refused.status == 403
        assert "Call another approver" in refused.said
        assert "two-people" in str([entry.body for entry in await desk.town.journal.audit("people")])
        broken = await approve(park, alert, refused, break_glass="everybody else is in the water")
        assert "everybody else is in the water" in broken.said
        assert "alone" in broken.said


async def test_what_was_not_seen_is_not_approved(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim, desk.visitor("lee") as lee:
        await submitted(kim, alert)
        assert (await approve(lee, alert, read="")).status == 422
        refused = await approve(lee, alert, hash="0" * 64)
        assert refused.status == 409
        assert "no longer the text you saw" in refused.said


async def test_many_people_are_told_by_who_types_the_name_of_the_area(desk: Desk) -> None:
    areas = [{"role": "danger", "name": {"ko": "한내 둔치", "en": "Riverside"}, "zones": ["9920010100", "9920010200"]}]
    alert = await desk.drafted(areas=areas)
    async with desk.visitor("kim") as kim, desk.visitor("lee") as lee:
        page = await submitted(kim, alert)
        people = int(page.said.partition(" people live there")[0].rpartition("about ")[2].replace(",", ""))
        assert people >= 10_000
        for wrong in ("", "river", "한내"):
            assert (await approve(lee, alert, area=wrong)).status == 422
        assert (await approve(lee, alert, area="  riverside ")).status == 200


async def test_a_frozen_version_is_not_edited(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim:
        page = await kim.get(alert)
        await submitted(kim, alert)
        refused = await kim.send(page, f"{alert}/edit", en__headline="Too late")
        assert refused.status == 409
        assert "Reject it, then draft the next one" in refused.said


async def test_what_was_written_is_still_there_after_a_refusal(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim:
        page = await kim.send(
            await kim.get(alert), f"{alert}/edit", en__headline="Long", ko__headline="길" * 500, expires="2026-07-14T23:00"
        )
        assert page.status == 422
        assert "Say it shorter" in page.said
        fields = dict(page.form("/edit"))
        assert (fields["en.headline"], fields["ko.headline"], fields["expires"]) == ("Long", "길" * 500, "2026-07-14T23:00")


async def test_nothing_typed_is_lost_when_the_shift_runs_out(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim:
        page = await kim.get(alert)
        await sign_everybody_out(desk)
        asked = await kim.send(page, f"{alert}/edit", en__headline="Written at the end of a shift")
        assert asked.status == 401
        assert "What you wrote is kept on this page" in asked.said
        await give_password(desk, "kim")
        wrong = await kim.send(asked, "/console/sign-in", name="kim", password="not this one")  # noqa: S106 - a test's
        again = await kim.send(wrong, "/console/sign-in", name="kim", password=PASSWORD)
        assert "What you wrote was not sent yet" in again.said
        saved = await kim.send(again, f"{alert}/edit")
        assert dict(saved.form("/edit"))["en.headline"] == "[EXERCISE] Written at the end of a shift"


async def test_who_was_signed_out_reads_why_and_a_newcomer_does_not(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim, desk.stranger() as stranger:
        await sign_everybody_out(desk)
        asked = await kim.get(alert)
        assert "the shift is over" in asked.said
        assert dict(asked.form("/sign-in"))["next"] == alert
        assert "Nothing was done" not in (await stranger.get(alert)).said
        idle = await stranger.get("/console/sign-in?why=session-idle", Accept_Language="ko")
        assert "한동안 아무 조작이 없어 로그아웃되었습니다" in idle.said
        assert (await stranger.get("/console/sign-in?why=%3Cb%3E")).status == 200
        assert (await stranger.get("/console/stay")).root.xpath("//form[@action='/console/sign-in']")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_what_another_site_sends_is_not_kept(desk: Desk, site: str) -> None:
    alert = await desk.drafted()
    async with desk.stranger() as nobody:
        page = await nobody.post(f"{alert}/edit", [("en.headline", "x")], Sec_Fetch_Site=site)
        assert "kept on this page" not in page.said


async def test_nobody_is_led_to_approve_by_signing_in(desk: Desk) -> None:
    alert = await desk.drafted()
    async with desk.visitor("kim") as kim, desk.visitor("lee") as lee:
        await submitted(kim, alert)
        page = await lee.get(alert)
        await sign_everybody_out(desk)
        asked = await approve(lee, alert, page)
        assert "kept on this page" not in asked.said
        assert asked.root.xpath("//h1/text()") == ["Sign in"]


async def test_the_same_danger_twice_is_asked_about(desk: Desk) -> None:
    first, second = await desk.drafted("call-1"), await desk.drafted("call-2")
    async with desk.visitor("kim") as kim, desk.visitor("lee") as lee:
        await submitted(kim, first)
        await approve(lee, first)
        page = await kim.send(await kim.get(second), f"{second}/submit")
        assert page.status == 409
        assert page.links(first)
        confirmed = await kim.post(f"{second}/submit", [field for field in page.form("/submit") if field[0] != "x"])
        assert "waits for approval" in confirmed.said


async def sign_everybody_out(desk: Desk) -> None:
    """Revoke every session."""
    for key in await desk.town.journal.keys():
        if key.id.startswith("session-"):
            await desk.town.journal.save_key(replace(key, revoked=True), "admin", desk.town.clock())


async def give_password(desk: Desk, name: str) -> None:
    """Let somebody sign in by a password as well."""
    person = replace(await desk.town.journal.person(name), password=hash_password(PASSWORD))
    await desk.town.journal.save_person(person, "admin", desk.town.clock())
