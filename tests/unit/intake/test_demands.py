"""Wishes of many people: one vote each, an answer that reaches all, and a list of what was done."""

from desk_contracts.events.feedback import DemandAnswered, DemandObsoleteReported, DemandRequested
from desk_contracts.ids import new_id
from desk_contracts.names import FEEDBACK

from tests.support.intake_world import Desk

ROOM = {"about": "demand", "what": "A quiet room"}


async def say(desk: Desk, caller: str, **body: str) -> None:
    """Somebody says it, and intake reads what it has told."""
    answer = await desk.client(caller).post("/feedback", **body)
    assert answer.status_code == 201
    demands = (DemandRequested, DemandObsoleteReported)
    last = [item for item in desk.publisher.events() if isinstance(item.data, demands)][-1]
    # A copy of an event has the same id and is no second vote.
    await desk.hear_events(last)
    await desk.hear_events(last)


async def demands_of(desk: Desk, caller: str, query: str = "") -> list[tuple[str, int, bool]]:
    items = (await desk.client(caller).get(f"/demands{query}")).json()["items"]
    return [(item["what"], item["votes"], item["is_mine"]) for item in items]


async def test_everybody_has_one_vote_however_it_is_written(desk: Desk) -> None:
    await say(desk, "ana", **ROOM)
    await say(desk, "ana", **ROOM)
    await say(desk, "ben", about="demand", what="a  QUIET room")
    assert await demands_of(desk, "ana") == [("A quiet room", 2, True)]
    assert await demands_of(desk, "carla") == [("A quiet room", 2, False)]


async def test_what_one_person_wrote_is_shown_to_them_and_to_staff(desk: Desk) -> None:
    await say(desk, "ana", **ROOM)
    assert await demands_of(desk, "ana") == [("A quiet room", 1, True)]
    assert await demands_of(desk, "ben") == []
    assert len((await desk.max.get("/demands")).json()["items"]) == 1


async def test_most_votes_come_first(desk: Desk) -> None:
    for person in ("ana", "ben"):
        await say(desk, person, about="obsolete", what="vpn")
    for person in ("ana", "ben", "carla"):
        await say(desk, person, **ROOM)
    assert [what for what, *_ in await demands_of(desk, "ana")] == ["A quiet room", "vpn"]


async def test_an_answer_is_told_to_all_who_asked_and_stands_in_the_list(desk: Desk) -> None:
    for person in ("ana", "ben"):
        await say(desk, person, **ROOM)
    [demand] = (await desk.ana.get("/demands")).json()["items"]
    owner = desk.client("olga", "owner")
    body, key = {"verdict": "planned", "text": "Two rooms by September."}, new_id()
    path = f"/demands/{demand['id']}/answer"
    first, again = [await owner.post(path, key=key, **body) for _ in range(2)]
    assert (first.status_code, again.json()) == (200, first.json())
    answers = [item.data for item in desk.publisher.events() if item.topic == FEEDBACK]
    [answer] = [item for item in answers if isinstance(item, DemandAnswered)]
    assert (answer.people, answer.text) == (("ana", "ben"), "Two rooms by September.")
    assert await demands_of(desk, "carla") == []
    [shown] = (await desk.client("carla").get("/demands?answered=true")).json()["items"]
    assert shown["answer"]["verdict"] == "planned"
    assert "by" not in shown["answer"]

    # What is planned may be done one day; all who asked hear that as well.
    await owner.post(path, verdict="done", text="They are open.")
    assert (
        len([item for item in desk.publisher.events() if isinstance(item.data, DemandAnswered)])
        == 2
    )


async def test_only_owners_and_operators_answer_and_only_what_there_is(desk: Desk) -> None:
    body = {"verdict": "declined", "text": "Too dear."}
    assert (await desk.ana.post("/demands/none/answer", **body)).status_code == 403
    assert (await desk.max.post("/demands/none/answer", **body)).status_code == 403
    missing = await desk.client("olga", "owner").post("/demands/none/answer", **body)
    assert missing.status_code == 404
