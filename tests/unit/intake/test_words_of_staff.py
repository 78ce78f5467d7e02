"""What staff write for staff stays with staff, and nobody's own work is praised into a score."""

from desk_contracts.events.feedback import SurveyAnswered
from desk_intake.tickets.registration import proactive_ticket

from tests.support.intake_facts import escalated
from tests.support.intake_world import Desk, attach

REASON, CAUSE, NOTE = "she complains too much", "user error", "ask her boss first"


async def everything(desk: Desk, who: str, ticket: str) -> str:
    caller = desk.client(who, "member", "network") if who == "max" else desk.client(who)
    shown = [await caller.get(f"/tickets/{ticket}{part}") for part in ("", "/timeline")]
    shown.append(await caller.get("/tickets"))
    return "".join(item.text for item in shown)


async def test_reason_cause_and_internal_comments_are_for_staff_only(desk: Desk) -> None:
    ticket = await desk.ana.open()
    where = f"/tickets/{ticket}"
    await desk.max.post(f"{where}/assign", team="network", reason=REASON)
    await desk.max.post(f"{where}/comments", text=NOTE, public=False)
    await desk.max.post(f"{where}/resolve", resolution="It works again", cause=CAUSE)
    hers, his = await everything(desk, "ana", ticket), await everything(desk, "max", ticket)
    for text in (REASON, CAUSE, NOTE):
        assert text not in hers
        assert text in his
    assert "Given to the team network" in hers
    assert "It works again" in hers


async def test_what_a_repair_found_is_for_its_team_only(desk: Desk) -> None:
    await desk.hear(escalated(person="ana", tell="We look at your disk."), "lt-7")
    ticket = proactive_ticket("run-1")
    his = (await desk.max.get(f"/tickets/{ticket}")).json()
    hers = (await desk.ana.get(f"/tickets/{ticket}")).json()
    assert any("Cleaning freed too little" in line for line in his["tried"])
    assert not any("Cleaning freed too little" in line for line in hers["tried"])
    assert his["attributes"]["runbook"]
    assert (hers["description"], hers["attributes"]) == ("", {})
    assert any("We look at your disk." in line for line in hers["tried"])


async def test_who_solved_her_own_ticket_is_heard_and_not_counted(desk: Desk) -> None:
    ticket = await desk.max.open()
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Done", how="self_service")
    answer = await desk.max.post(f"/tickets/{ticket}/feedback", score=5)
    assert (answer.status_code, answer.json()["score"], answer.json()["counted"]) == (200, 5, False)
    events = [
        event.data for event in desk.publisher.events() if isinstance(event.data, SurveyAnswered)
    ]
    assert [event.counted for event in events] == [False]


async def test_who_was_helped_by_another_is_counted(desk: Desk) -> None:
    hers, his = await desk.ana.open(), await desk.max.open()
    bo = desk.client("bo", "member", "network")
    for ticket in (hers, his):
        await bo.post(f"/tickets/{ticket}/resolve", resolution="Done")
    for who, ticket in ((desk.ana, hers), (desk.max, his)):
        assert (await who.post(f"/tickets/{ticket}/feedback", score=4)).json()["counted"]
    own = await desk.ana.open()
    await desk.ana.post(f"/tickets/{own}/resolve", resolution="Found it", how="self_service")
    assert (await desk.ana.post(f"/tickets/{own}/feedback", score=2)).json()["counted"]


async def test_staff_read_nothing_for_staff_on_their_own_ticket_whatever_the_way(
    desk: Desk,
) -> None:
    mine = await desk.max.open()
    where, bo = f"/tickets/{mine}", desk.client("bo", "member", "network")
    await bo.post(f"{where}/assign", team="network", reason=REASON)
    await bo.post(f"{where}/comments", text=NOTE, public=False)
    file = await attach(bo, mine, "her-boss.txt", b"for staff", public="false")
    url = file.json()["attachments"][0]["url"]
    await bo.post(f"{where}/me-too", person="ben")
    await bo.post(f"{where}/resolve", resolution="It works again", cause=CAUSE)
    his = await everything(desk, "max", mine)
    his += (await desk.max.post(f"{where}/comments", text="Thanks")).text
    for text in (REASON, CAUSE, NOTE, "her-boss.txt", '"ben"'):
        assert text not in his
    assert (await desk.max.client.get(url)).status_code == 404
    refused = await desk.max.post(f"{where}/comments", text="x", public=False)
    assert refused.status_code == 403
    theirs = "".join([(await bo.get(f"{where}{part}")).text for part in ("", "/timeline")])
    for text in (REASON, CAUSE, NOTE, "her-boss.txt", '"ben"'):
        assert text in theirs
    assert (await bo.client.get(url)).content == b"for staff"
