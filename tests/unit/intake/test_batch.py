"""`POST /v1/tickets:batch` on a desk in memory: each row for itself, and none twice."""

import json
from typing import Any

import httpx
import pytest

from tests.support.intake_world import Caller, Desk

ROWS: list[dict[str, Any]] = [
    {"key": "a", "title": "The VPN is away", "service": "vpn"},
    {"key": "b", "title": "A second screen", "kind": "request"},
]


async def post(caller: Caller, rows: list[Any], key: str = "") -> httpx.Response:
    return await caller.post("/tickets:batch", key=key, tickets=rows)


async def test_each_row_gets_its_ticket(desk: Desk) -> None:
    answer = await post(desk.ana, ROWS)
    assert (answer.status_code, answer.json()["opened"]) == (201, 2)
    first, second = answer.json()["results"]
    for place, result in enumerate((first, second)):
        ticket = await desk.ticket(result["id"])
        assert (ticket.title, ticket.code) == (ROWS[place]["title"], result["ticket"])
        assert (ticket.requester, result["status"]) == ("ana", 201)
        await desk.check(ticket.id)


async def test_a_row_that_cannot_be_opened_holds_up_no_other(desk: Desk) -> None:
    wrong = [
        {"key": "c"},
        {"key": "d", "title": "\u200b"},
        {"key": "e", "title": "For Ben", "requester": "ben"},
        {"key": "f", "title": "x", "color": "red"},
        {"key": "g", "title": "x" * 301},
        {"key": 7, "title": "x"},
    ]
    answer = await post(desk.ana, [ROWS[0], *wrong])
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [result["index"] for result in results] == list(range(7))
    assert [result["status"] for result in results] == [201, 422, 422, 403, 422, 422, 422]
    assert [result["detail"] for result in results[1:]]
    assert results[1]["errors"][0]["pointer"] == "/title"
    assert (answer.json()["opened"], answer.json()["refused"]) == (1, 6)


async def test_rows_are_opened_once_by_their_key_in_whatever_batch(desk: Desk) -> None:
    first = (await post(desk.ana, ROWS)).json()["results"]
    mended = {"key": "c", "title": "Mended"}
    again = await post(desk.ana, [ROWS[1], mended, ROWS[0], ROWS[0]])
    results = again.json()["results"]
    assert [result["id"] for result in results[::2]] == [first[1]["id"], first[0]["id"]]
    assert results[2]["id"] == results[3]["id"]
    assert await desk.tickets.count() == 3
    other = await post(desk.ana, [{**ROWS[0], "title": "Another"}, ROWS[1]])
    codes = [result.get("code") for result in other.json()["results"]]
    assert codes == ["idempotency-key-reused", None]
    # Somebody else's key is another one.
    theirs = (await post(desk.ben, ROWS)).json()["results"]
    assert {item["id"] for item in theirs}.isdisjoint(item["id"] for item in first)


async def test_rows_without_a_key_are_known_by_their_place_in_the_call(desk: Desk) -> None:
    rows = [{"title": "One"}, {"title": "Two"}]
    first = await post(desk.ana, rows, "k")
    again = await post(desk.ana, rows, "k")
    other = await post(desk.ana, rows, "l")
    ids = [[item["id"] for item in given.json()["results"]] for given in (first, again, other)]
    assert ids[0] == ids[1]
    assert set(ids[0]).isdisjoint(ids[2])
    changed = await post(desk.ana, [{"title": "Two"}, {"title": "One"}], "k")
    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency-key-reused")


async def test_while_the_store_is_away_nothing_is_lost_and_all_can_be_sent_again(
    desk: Desk,
) -> None:
    desk.tickets.is_down = True
    answer = await post(desk.ana, ROWS)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert [item["status"] for item in answer.json()["results"]] == [503, 503]
    desk.tickets.is_down = False
    assert (await post(desk.ana, ROWS)).json()["opened"] == 2


@pytest.mark.parametrize("rows", [[], [{"title": "x"}] * 101, ["no row"], "rows"], ids=str)
async def test_what_is_no_batch_is_refused_as_a_whole(desk: Desk, rows: Any) -> None:
    answer = await post(desk.ana, rows)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_a_batch_of_nothing_but_wrong_rows_is_a_problem(desk: Desk) -> None:
    answer = await post(desk.ana, [{"key": "c"}, {"title": "For Ben", "requester": "ben"}])
    assert (answer.status_code, answer.json()["code"]) == (422, "no-ticket-opened")
    assert len(answer.json()["results"]) == 2


async def test_a_batch_that_says_a_thing_twice_opens_nothing_and_names_the_row(desk: Desk) -> None:
    body = b'{"tickets": [{"title": "VPN"}, {"title": "Mail", "title": "Mouse"}]}'
    headers = {"Idempotency-Key": "k-1", "Content-Type": "application/json"}
    answer = await desk.ana.client.post("/v1/tickets:batch", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "repeated-name")
    assert answer.json()["errors"][0]["pointer"] == "/tickets/1/title"
    assert desk.publisher.messages == []
    # The key was not used up: what is mended opens its tickets.
    mended = await post(desk.ana, [{"title": "VPN"}, {"title": "Mouse"}], "k-1")
    assert mended.json()["opened"] == 2


async def test_a_title_with_signs_that_act_is_refused_in_its_row(desk: Desk) -> None:
    answer = await post(desk.ana, [{"title": "a\u202eb"}, {"title": "VPN"}])
    refused, opened = answer.json()["results"]
    assert (refused["status"], refused["errors"][0]["pointer"]) == (422, "/title")
    assert opened["status"] == 201


async def test_half_a_character_is_refused_in_its_row(desk: Desk) -> None:
    rows = [{"title": "x\ud83d"}, {"title": "x", "key": "k\ud83d"}, {"title": "x", "\ud83d": 1}]
    content = json.dumps({"tickets": [*rows, {"title": "VPN"}]}).encode()
    headers = {"Idempotency-Key": "k-1", "Content-Type": "application/json"}
    answer = await desk.ana.client.post("/v1/tickets:batch", content=content, headers=headers)
    results = answer.json()["results"]
    assert [item["status"] for item in results] == [422, 422, 422, 201]
    assert results[1]["key"] == "k?"
