"""What the person who asked says of a resolution: a fact of its own, which no silence ever is."""

from datetime import timedelta

import pytest
from desk_contracts.events.tickets import TicketConfirmed, TicketReopened, TicketResolved

from tests.support.intake_world import CLOSE_AFTER, Desk, triage_says
from tests.support.spoken import english


async def solved(desk: Desk, **body: str) -> str:
    """Ana's ticket, which Max says is solved."""
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket)
    body = {"resolution": "New certificate", "code": "fixed"} | body
    answer = await desk.max.post(f"/tickets/{ticket}/resolve", **body)
    assert answer.status_code == 200, answer.text
    return ticket


def numbers(desk: Desk, ticket: str, kind: type) -> list[int | None]:
    return [item.sequence for item in desk.log(ticket) if isinstance(item.data, kind)]


async def test_a_confirmation_names_the_resolution_that_it_confirms(desk: Desk) -> None:
    ticket = await solved(desk)
    await desk.ana.post(f"/tickets/{ticket}/reopen", reason="Still away")
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Newer one", code="workaround")
    answer = await desk.ana.post(f"/tickets/{ticket}/confirm")
    view = answer.json()
    assert (view["state"], view["confirmed_at"]) == ("resolved", "2026-03-02T09:00:00Z")
    assert view["resolution_code"] == "workaround"
    assert "You said that it is solved." in view["next_step"]
    first, second = numbers(desk, ticket, TicketResolved)
    payloads = [item.data for item in desk.log(ticket)]
    assert [item.refutes for item in payloads if isinstance(item, TicketReopened)] == [first]
    assert [item.resolution for item in payloads if isinstance(item, TicketConfirmed)] == [second]
    await desk.check(ticket)


async def test_neither_silence_nor_closing_confirms(desk: Desk) -> None:
    left, closed = await solved(desk), await solved(desk)
    await desk.ana.post(f"/tickets/{closed}/close")
    await desk.pass_time(CLOSE_AFTER)
    for ticket in (left, closed):
        assert desk.types(ticket)[-1] == "closed"
        assert "confirmed" not in desk.types(ticket)
        assert (await desk.ana.get(f"/tickets/{ticket}")).json()["confirmed_at"] is None


async def test_it_can_be_confirmed_after_it_closed_by_itself_and_once(desk: Desk) -> None:
    ticket = await solved(desk)
    await desk.pass_time(CLOSE_AFTER + timedelta(days=1))
    for _ in range(2):
        assert (await desk.ana.post(f"/tickets/{ticket}/confirm")).json()["state"] == "closed"
    assert desk.types(ticket)[-2:] == ["closed", "confirmed"]


async def test_what_was_confirmed_can_still_turn_out_wrong(desk: Desk) -> None:
    ticket = await solved(desk)
    await desk.ana.post(f"/tickets/{ticket}/confirm")
    view = (await desk.ana.post(f"/tickets/{ticket}/reopen", reason="It is back")).json()
    assert (view["state"], view["confirmed_at"]) == ("assigned", None)
    assert (view["resolution_code"], view["reopened"]) == (None, 1)


async def test_nobody_confirms_for_the_person_who_asked(desk: Desk) -> None:
    ticket = await solved(desk)
    answer = await desk.max.post(f"/tickets/{ticket}/confirm")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    reopened = await desk.max.post(f"/tickets/{ticket}/reopen", reason="Not so")
    assert reopened.status_code == 200
    (event,) = [item.data for item in desk.log(ticket) if isinstance(item.data, TicketReopened)]
    assert event.refutes is None


async def test_what_was_taken_back_is_no_solution(desk: Desk) -> None:
    ticket = await desk.ana.open()
    assert (await desk.ana.post(f"/tickets/{ticket}/confirm")).json()["code"] == "wrong-state"
    await desk.ana.post(f"/tickets/{ticket}/resolve", resolution="No longer needed")
    answer = await desk.ana.post(f"/tickets/{ticket}/confirm")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-to-confirm")
    await desk.ana.post(f"/tickets/{ticket}/reopen", reason="Needed after all")
    (event,) = [item.data for item in desk.log(ticket) if isinstance(item.data, TicketReopened)]
    assert event.refutes is None


async def test_only_staff_says_what_kind_of_an_answer_it_is(desk: Desk) -> None:
    ticket = await desk.ana.open()
    body = {"resolution": "Found it", "how": "self_service"}
    refused = await desk.ana.post(f"/tickets/{ticket}/resolve", **body, code="fixed")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await desk.ana.post(f"/tickets/{ticket}/resolve", **body)).status_code == 200
    unknown = await desk.max.post(f"/tickets/{ticket}/resolve", resolution="x", code="magic")
    assert unknown.status_code == 422


@pytest.mark.parametrize("action", ["confirm", "close"])
async def test_an_action_on_another_version_than_was_read_changes_nothing(
    desk: Desk, action: str
) -> None:
    ticket = await solved(desk)
    read = await desk.ana.get(f"/tickets/{ticket}")
    await desk.max.post(f"/tickets/{ticket}/comments", text="One more thing")
    headers = {"Idempotency-Key": "k", "If-Match": read.headers["ETag"]}
    url = f"/v1/tickets/{ticket}/{action}"
    stale = await desk.ana.client.post(url, json={}, headers=headers)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition-failed")
    fresh = headers | {"If-Match": (await desk.ana.get(f"/tickets/{ticket}")).headers["ETag"]}
    assert (await desk.ana.client.post(url, json={}, headers=fresh)).status_code == 200


async def test_the_timeline_says_who_confirmed(desk: Desk) -> None:
    ticket = await solved(desk)
    await desk.ana.post(f"/tickets/{ticket}/confirm")
    entry = (await desk.ticket(ticket)).timeline[-1]
    assert (entry.what, entry.who, entry.public) == ("confirmed", "ana", True)
    assert english(entry.message) == "Solved, says the person who asked."
