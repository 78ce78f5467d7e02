"""How tickets begin over HTTP."""

from typing import Any

import pytest
from desk_charter import Charter
from desk_contracts.errors import DependencyDown
from desk_contracts.ids import read_code, ticket_code
from desk_platform.store import Stored

from tests.support.intake_world import MONDAY, Desk, Story, make_desk


async def test_a_new_ticket_answers_with_its_place_its_version_and_what_comes_next(
    desk: Desk,
) -> None:
    answer = await desk.ana.post("/tickets", title="VPN does not connect", service="vpn")
    view = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/tickets/{view['id']}"
    assert answer.headers["etag"] == '"1"'
    assert read_code(view["code"]) == view["code"]
    assert (view["state"], view["requester"], view["state_in_words"]) == ("new", "ana", "new")
    assert view["who_has_it"]["sentence"].startswith("No team has it yet")
    assert view["next_step"] == "The desk decides who can help best; you need do nothing."
    assert desk.types(view["id"]) == ["opened"]


async def test_the_event_carries_the_callers_trace_and_correlation(desk: Desk) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    ana = desk.ana
    ana.client.headers["traceparent"] = f"00-{trace}-00f067aa0ba902b7-01"
    ana.client.headers["x-correlation-id"] = "story-1"
    (event,) = desk.log(await ana.open())
    assert event.traceparent.split("-")[1] == trace
    assert event.correlation_id == "story-1"
    assert (event.time, event.sequence, event.source) == (MONDAY, 1, "/desk/intake")


async def test_the_same_call_again_gives_the_same_ticket_and_says_so(desk: Desk) -> None:
    ana = desk.ana
    first = await ana.post("/tickets", "k-1", title="VPN away")
    again = await ana.post("/tickets", "k-1", title="VPN away")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(desk.publisher.messages) == 1


async def test_a_key_belongs_to_one_caller_and_one_request(desk: Desk) -> None:
    ana, ben = desk.ana, desk.ben
    mine = await ana.post("/tickets", "k-1", title="VPN away")
    his = await ben.post("/tickets", "k-1", title="VPN away")
    other = await ana.post("/tickets", "k-1", title="Something else")
    assert mine.json()["id"] != his.json()["id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert other.json()["detail"].startswith("This Idempotency-Key was used for another request")


async def test_no_key_no_ticket(desk: Desk) -> None:
    answer = await desk.ana.client.post("/v1/tickets", json={"title": "VPN away"})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")
    assert not desk.publisher.messages


async def test_a_taken_code_is_drawn_again(desk: Desk, charter: Charter, story: Story) -> None:
    elsewhere = make_desk(charter)
    id = (await elsewhere.ana.post("/tickets", "k-1", title="VPN away")).json()["id"]
    squatter = story.ticket.model_copy(update={"code": ticket_code(id)})
    await desk.tickets.write([Stored(id="squatter", state=squatter)])
    answer = await desk.ana.post("/tickets", "k-1", title="VPN away")
    assert (answer.json()["id"], answer.json()["code"]) == (id, ticket_code(id, 1))


@pytest.mark.parametrize(
    ("body", "pointer", "sentence"),
    [
        ({}, "/title", "This is missing."),
        ({"title": "  "}, "/title", "Write 1 or more characters here."),
        ({"title": "x", "kind": "proactive"}, "/kind", "Choose one of these: incident"),
        ({"title": "x", "channel": "desk"}, "/channel", "Choose one of these: "),
        ({"title": "x", "colour": "red"}, "/colour", "There is no such field"),
        ({"title": "x", "description": "€" * 20_000}, "", "This has "),
        ({"title": "x", "attributes": {"a": "b" * 1_001}}, "/attributes/a", "Write at most 1,000"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_place_and_sentence(
    desk: Desk, body: dict[str, Any], pointer: str, sentence: str
) -> None:
    answer = await desk.ana.post("/tickets", **body)
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["pointer"] == pointer
    assert problem["detail"].startswith(sentence)


async def test_employees_ask_only_for_themselves_and_staff_for_anybody(desk: Desk) -> None:
    refused = await desk.ana.post("/tickets", title="x", requester="ben")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    group = await desk.ana.post("/tickets", title="x", group="board")
    assert group.status_code == 403
    for_ben = await desk.max.open(requester="ben", channel="phone", group="board")
    view = (await desk.ben.get(f"/tickets/{for_ben}")).json()
    assert (view["requester"], view["channel"], view["group"]) == ("ben", "phone", "board")


async def test_a_ticket_is_accepted_while_the_bus_is_away(desk: Desk) -> None:
    desk.publisher.is_down = True
    ticket = await desk.ana.open()
    (waiting,) = await desk.tickets.pending(MONDAY, 10)
    assert waiting.id == ticket
    assert len(waiting.outbox) == 1


async def test_without_the_store_the_caller_is_told_to_come_again(desk: Desk) -> None:
    desk.tickets.is_down = True
    answer = await desk.ana.post("/tickets", "k-1", title="VPN away")
    assert (answer.status_code, answer.json()["code"]) == (503, DependencyDown.code)
    assert answer.headers["retry-after"] == "1"
    desk.tickets.is_down = False
    assert (await desk.ana.post("/tickets", "k-1", title="VPN away")).status_code == 201


async def test_a_new_ticket_is_answered_without_asking_what_its_clocks_say(desk: Desk) -> None:
    desk.slas.is_down = True
    assert (await desk.ana.post("/tickets", "k-1", title="VPN away")).status_code == 201
    again = await desk.ana.post("/tickets", "k-1", title="VPN away")
    assert again.status_code == 503
    desk.slas.is_down = False
    again = await desk.ana.post("/tickets", "k-1", title="VPN away")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
