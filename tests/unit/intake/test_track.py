"""Who took something instead of a ticket sees what came of it, and is told of a problem's end."""

from datetime import timedelta
from typing import Any

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.feedback import ContactEnded, ContactPrevented, Taken
from desk_contracts.events.problems import ProblemDetected, ProblemEnd, ProblemResolved
from desk_contracts.message import verbatim
from desk_intake.before.decide import forget
from desk_intake.before.joined import MOST_PEOPLE, JoinedProblem, follow_joining, problem_of
from desk_intake.before.model import TRACKED, PersonContacts, TakenThing

from tests.support.intake_world import MONDAY, Caller, Desk

TITLE = "VPN drops the connection at home"
OVER = ProblemResolved(
    service="vpn", title=verbatim("VPN drops"), tickets=(), people=(),
    resolution=verbatim("The gateway is exchanged."),
)  # fmt: skip


async def begin_problem(desk: Desk) -> None:
    detected = ProblemDetected(
        service="vpn", title=verbatim("VPN drops"), tickets=(), people=(), team="network",
        message=verbatim("We exchange the gateway."),
    )  # fmt: skip
    await desk.hear(detected, "p-1")


async def take(desk: Desk, caller: Caller, taken: str, target: str) -> None:
    """Taken, and heard by intake itself."""
    answer = await caller.post("/contacts/prevented", title=TITLE, taken=taken, target=target)
    assert answer.status_code == 201, answer.text
    *_, event = desk.publisher.events()
    await desk.hear_events(event)


async def track(caller: Caller) -> Any:
    answer = await caller.get("/contacts")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def endings(desk: Desk) -> list[ContactEnded]:
    events = (event.data for event in desk.publisher.events())
    return [data for data in events if isinstance(data, ContactEnded)]


async def test_who_joined_a_problem_sees_it_and_is_told_of_its_end_once(desk: Desk) -> None:
    await begin_problem(desk)
    await take(desk, desk.ana, "problem", "p-1")
    await take(desk, desk.ben, "problem", "p-1")
    [shown] = await track(desk.ana)
    assert (shown["state"], shown["title"], shown["ended_at"]) == ("open", "VPN drops", None)
    assert await track(desk.max) == [], "nobody sees what others took"
    await desk.hear(OVER, "p-1")
    await desk.hear(OVER, "p-1", "again")
    [over] = endings(desk)
    assert (over.people, over.is_solved) == (("ana", "ben"), True)
    [shown] = await track(desk.ana)
    assert (shown["state"], shown["text"]) == ("over", "The gateway is exchanged.")
    assert shown["ended_at"] is not None


async def test_an_article_is_seen_and_so_is_the_ticket_that_came_after_all(desk: Desk) -> None:
    text = {"language": "en", "title": "VPN drops", "body": "Switch the tunnel to TCP."}
    article = (await desk.max.post("/articles", translations=[text])).json()["id"]
    await desk.read_topics()
    await take(desk, desk.ana, "article", article)
    [shown] = await track(desk.ana)
    assert (shown["state"], shown["title"], shown["ticket"]) == ("enough", "VPN drops", None)
    ticket = await desk.ana.open(TITLE)
    await desk.read_topics()
    [shown] = await track(desk.ana)
    assert (shown["state"], shown["ticket"]) == ("logged", ticket)


async def test_a_part_that_a_member_splits_off_is_not_logged_by_the_person(desk: Desk) -> None:
    ticket = await desk.ana.open("The printer is out of toner", service="print")
    await begin_problem(desk)
    await take(desk, desk.ana, "problem", "p-1")
    split = await desk.max.post(f"/tickets/{ticket}/split", title=TITLE)
    assert split.status_code == 201, split.text
    await desk.read_topics()
    [shown] = await track(desk.ana)
    assert shown["state"] == "open"


async def test_of_what_is_gone_there_is_no_title(desk: Desk) -> None:
    await begin_problem(desk)
    await take(desk, desk.ana, "problem", "p-1")
    kept = desk.others[0].documents
    [stored] = (await kept.load(["p-1"])).values()
    stored.state = None
    await kept.write([stored])
    [shown] = await track(desk.ana)
    assert (shown["title"], shown["state"]) == (None, "open")


def joining(person: str) -> AnyEvent:
    data = ContactPrevented(contact=f"c-{person}", by=person, taken=Taken.PROBLEM, target="p-1")
    return Event(f"e-{person}", "/desk/intake", f"c-{person}", MONDAY, data)


def follow(*events: AnyEvent) -> list[ContactEnded]:
    state, ends = JoinedProblem(), list[ContactEnded]()
    for event in events:
        if (decision := follow_joining(state, event)) is not None:
            state = decision.state
            ends += [item.data for item in decision.events if isinstance(item.data, ContactEnded)]
    return ends


def test_the_end_and_the_joining_may_be_read_in_any_order() -> None:
    over = Event("e-over", "/desk/triage", "p-1", MONDAY, OVER)
    for events in ((joining("ana"), over), (over, joining("ana"))):
        assert [item.people for item in follow(*events)] == [("ana",)]
    assert follow(joining("ana")) == []
    assert follow(over) == [], "nobody joined"


def test_very_many_are_told_by_several_events_and_each_once() -> None:
    over = Event("e-over", "/desk/triage", "p-1", MONDAY, OVER)
    people = [f"p-{number:04}" for number in range(MOST_PEOPLE + 1)]
    ends = follow(*map(joining, [*people, people[0]]), over)
    assert [len(item.people) for item in ends] == [MOST_PEOPLE, 1]
    assert [name for item in ends for name in item.people] == people


@pytest.mark.parametrize("taken", [Taken.ARTICLE, Taken.ITEM, Taken.TICKET])
def test_only_problems_end(taken: Taken) -> None:
    event = joining("ana")
    other = event._replace(data=event.data.model_copy(update={"taken": taken}))
    assert problem_of(other) == ""
    assert problem_of(event) == "p-1"


def test_what_was_taken_is_seen_for_ninety_days() -> None:
    thing = TakenThing(id="c-1", taken=Taken.ARTICLE, target="a-1", at=MONDAY)
    person = PersonContacts(id="ana", track=(thing,))
    kept = forget(person, MONDAY + TRACKED - timedelta(seconds=1))
    assert (kept.state.track, kept.due) == ((thing,), MONDAY + TRACKED)
    gone = forget(person, MONDAY + TRACKED)
    assert (gone.state.track, gone.due) == ((), None)


def test_who_joined_one_that_is_merged_hears_of_the_end_of_the_other() -> None:
    """What is told of the merge itself is a way from one document to the other, not a message."""
    merging = OVER.model_copy(update={"end": ProblemEnd.MERGED, "merged_into": "p-2"})
    [merged] = follow(joining("ana"), Event("e-merged", "/desk/triage", "p-1", MONDAY, merging))
    assert (merged.people, merged.end, merged.merged_into) == (("ana",), ProblemEnd.MERGED, "p-2")
    moved = Event("e-moved", "/desk/intake", "p-1", MONDAY, merged)
    assert problem_of(moved) == "p-2"
    over = Event("e-over", "/desk/triage", "p-2", MONDAY, OVER)
    for events in ((moved, moved, over), (over, moved)):
        assert [(item.problem, item.people) for item in follow(*events)] == [("p-2", ("ana",))]
