"""Talking to a person: one call at any moment, told at once, with how long others waited."""

from datetime import timedelta

import pytest
from desk_contracts.events.tickets import TicketPersonRequested
from desk_intake.tickets.forecast import LEAST_SOLVED, Forecast
from desk_intake.tickets.outlook import show_person

from tests.support.intake_world import MONDAY, Desk, Story, triage_says

MINUTES = timedelta(minutes=30)


async def ticket_of_network(desk: Desk) -> str:
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket)
    return ticket


async def test_a_person_is_asked_for_once_however_often(desk: Desk) -> None:
    ticket = await ticket_of_network(desk)
    first = await desk.ana.post(f"/tickets/{ticket}/person", text="Call 4711")
    await desk.ana.post(f"/tickets/{ticket}/person")
    assert desk.types(ticket).count("person-requested") == 1
    person = first.json()["person"]
    assert (person["answered_at"], person["forecast"]["status"]) == (None, "unknown")
    assert "Call 4711" in first.json()["latest_entries"][-1]["text"]
    assert (await desk.ben.post(f"/tickets/{ticket}/person")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [("start", {}), ("comments", {"text": "Here I am"}), ("resolve", {"resolution": "Done"})],
)
async def test_a_member_who_does_something_is_the_person(
    desk: Desk, path: str, body: dict[str, str]
) -> None:
    ticket = await ticket_of_network(desk)
    await desk.ana.post(f"/tickets/{ticket}/person")
    await desk.max.post(f"/tickets/{ticket}/comments", text="Among us", public=False)
    await desk.ana.post(f"/tickets/{ticket}/comments", text="Still there?")
    assert (await desk.ticket(ticket)).waits_for_person
    desk.clock.advance(MINUTES)
    await desk.max.post(f"/tickets/{ticket}/{path}", **body)
    person = (await desk.ana.get(f"/tickets/{ticket}")).json()["person"]
    assert person["answered_at"] is not None
    assert person["forecast"] is None


async def test_a_resolved_ticket_is_open_again_and_a_closed_one_says_what_to_do(desk: Desk) -> None:
    ticket = await ticket_of_network(desk)
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Done")
    answer = await desk.ana.post(f"/tickets/{ticket}/person", text="It is not")
    assert (answer.status_code, answer.json()["state"]) == (200, "assigned")
    assert desk.types(ticket)[-2:] == ["reopened", "person-requested"]
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Done")
    await desk.ana.post(f"/tickets/{ticket}/close")
    refused = await desk.ana.post(f"/tickets/{ticket}/person")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")


async def test_how_long_others_waited_is_published_and_those_who_wait_count(desk: Desk) -> None:
    for _ in range(LEAST_SOLVED):
        ticket = await ticket_of_network(desk)
        await desk.ana.post(f"/tickets/{ticket}/person")
        desk.clock.advance(MINUTES)
        await desk.max.post(f"/tickets/{ticket}/start")
    mine = await ticket_of_network(desk)
    desk.clock.advance(timedelta(minutes=2))
    answer = (await desk.ana.post(f"/tickets/{mine}/person")).json()
    assert answer["person"]["forecast"]["status"] == "known"
    assert "Half of those who asked" in answer["person"]["forecast"]["text"]

    desk.clock.advance(timedelta(minutes=2))
    waits = (await desk.ana.get("/status/person")).json()
    network = next(item for item in waits if item["team"] == "network")
    assert (network["waiting"], network["answered"]) == (1, LEAST_SOLVED)
    assert 30 <= int(network["half_within"].removeprefix("PT").removesuffix("M")) <= 35
    others = next(item for item in waits if item["team"] != "network")
    assert (others["half_within"], others["most_within"]) == (None, None), "not known is not quick"


@pytest.mark.parametrize(
    ("forecast", "code"),
    [
        (Forecast(status="unknown"), "person.unknown"),
        (Forecast(status="known", median=MONDAY + MINUTES), "person.half-by"),
        (Forecast(status="known", median=MONDAY, latest=MONDAY + MINUTES), "person.by"),
    ],
)
def test_who_waits_for_a_person_is_told_as_much_as_is_known(
    story: Story, forecast: Forecast, code: str
) -> None:
    assert show_person(story.ticket, forecast, lambda text: text.code) is None
    waiting = story.then(TicketPersonRequested(by="ana")).ticket
    view = show_person(waiting, forecast, lambda text: text.code)
    assert view is not None
    assert view.forecast is not None
    assert view.forecast.text == code
