"""One person is one person, whoever writes their id however; what shows nothing is no title."""

import pytest
from desk_contracts.events.requests import TicketRequested
from desk_contracts.ids import request_ticket_id

from tests.support.intake_facts import escalated
from tests.support.intake_world import Desk

IVY = "ivy.park@corp.example"
SPELLINGS = (
    IVY,
    "Ivy.Park@corp.example",
    "IVY.PARK@CORP.EXAMPLE",
    "ivy.park@Corp.Example",
    "Ivy.park@corp.example.",
)


async def test_a_person_sees_all_their_tickets_however_their_address_was_written(
    desk: Desk,
) -> None:
    for number, written in enumerate(SPELLINGS):
        if number % 2:
            await desk.max.open(requester=written)
        else:
            data = TicketRequested(requester=written, title="VPN away")
            await desk.hear(data, written, f"r-{number}", "/crm")
    await desk.hear(escalated(person=SPELLINGS[2]), "lt-7")
    for written in SPELLINGS:
        hers = (await desk.client(written).get("/tickets")).json()["items"]
        assert len(hers) == 6
        answer = await desk.max.get(f"/tickets?requester={written}")
        assert answer.json()["items"] == (await desk.max.get("/tickets")).json()["items"]
        assert (await desk.client(written).get(f"/tickets?requester={IVY}")).status_code == 200


async def test_the_written_form_is_kept_for_people_to_read(desk: Desk) -> None:
    written = "Ivy.Park@MÜNCHEN.example"
    data = TicketRequested(requester=written, title="VPN away")
    await desk.hear(data, written, "r-1", "/crm")
    ticket = request_ticket_id("/crm", "r-1")
    shown = (await desk.max.get(f"/tickets/{ticket}")).json()
    assert (shown["requester"], shown["requester_written"]) == (
        "ivy.park@xn--mnchen-3ya.example",
        written,
    )
    lines = (await desk.max.get(f"/tickets/{ticket}/timeline")).json()["entries"]
    assert lines[0]["who"] == written


async def test_the_person_who_asked_is_known_in_every_spelling(desk: Desk) -> None:
    ticket = await desk.client(SPELLINGS[1]).open()
    again = desk.client(SPELLINGS[2])
    assert (await again.post(f"/tickets/{ticket}/comments", text="More")).status_code == 200
    assert (await again.post(f"/tickets/{ticket}/resolve", resolution="Works")).status_code == 200
    answer = await desk.client(IVY).post(f"/tickets/{ticket}/feedback", score=5)
    assert answer.status_code == 200


async def test_ids_that_are_no_addresses_stay_apart(desk: Desk) -> None:
    await desk.client("A123").open()
    assert (await desk.client("a123").get("/tickets")).json()["items"] == []
    opened = (await desk.client("A123").get("/tickets")).json()["items"][0]
    assert (opened["requester"], opened["requester_written"]) == ("A123", "")


async def test_the_same_call_in_another_spelling_is_the_same_call(desk: Desk) -> None:
    first = await desk.client(SPELLINGS[0]).post("/tickets", "one-key", title="VPN")
    again = await desk.client(SPELLINGS[2]).post("/tickets", "one-key", title="VPN")
    assert first.json()["id"] == again.json()["id"]


@pytest.mark.parametrize("written", ["", " ", "ann\u200b@corp.example", "a\u202eb", "\u3164"])
async def test_a_requester_who_cannot_be_seen_is_refused(desk: Desk, written: str) -> None:
    refused = await desk.max.post("/tickets", title="VPN", requester=written)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/requester"
    answer = await desk.max.client.get("/v1/tickets", params={"requester": written})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "title",
    ["\u200b", "\u3164", "\u00ad", "\u2800", " \u2003 ", "\u0301", "\ufe0f", "\x00", "\U000e0041"],
)
async def test_a_title_of_nothing_visible_is_refused(desk: Desk, title: str) -> None:
    refused = await desk.ana.post("/tickets", title=title)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/title"
    ticket = await desk.ana.open()
    assert (await desk.ana.post(f"/tickets/{ticket}/comments", text=title)).status_code == 422
    answer = await desk.ana.post("/feedback", about="demand", what=title)
    assert answer.status_code == 422


async def test_what_acts_in_a_terminal_is_kept_as_it_was_written(desk: Desk) -> None:
    text = "Mouse \x1b[2J\x1b]0;owned\x07 invoice \u202egpj.exe"
    ticket = await desk.ana.open(description=text)
    assert (await desk.ana.get(f"/tickets/{ticket}")).json()["description"] == text


async def test_in_a_title_it_is_refused(desk: Desk) -> None:
    for sign in ("\x1b", "\x00", "\n", "\u202e"):
        refused = await desk.ana.post("/tickets", title=f"Mouse {sign} invoice")
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")
        assert refused.json()["errors"][0]["pointer"] == "/title"
