"""What people say of the desk: who may, once for each resolution, and never lost or doubled."""

from typing import Any

import pytest
from desk_contracts.events.feedback import DemandObsoleteReported, DemandRequested, SurveyAnswered
from desk_contracts.names import FEEDBACK

from tests.support.intake_world import Desk, triage_says


def feedback_data(desk: Desk) -> list[Any]:
    return [event.data for event in desk.publisher.events() if event.topic == FEEDBACK]


async def resolved(desk: Desk, **more: Any) -> str:
    ticket = await desk.ana.open(**more)
    await desk.hear(triage_says(), ticket)
    answer = await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Done")
    assert answer.status_code == 200
    return ticket


async def test_an_answer_carries_the_ticket_as_it_is_known(desk: Desk) -> None:
    ticket = await resolved(desk, service="vpn", device="lt-1", site="cologne", language="de")
    answer = await desk.ana.post(f"/tickets/{ticket}/feedback", score=5, comment=" Schnell! ")
    body = answer.json()
    assert (answer.status_code, body["score"], body["replaces_earlier"]) == (200, 5, False)
    assert feedback_data(desk) == [
        SurveyAnswered(
            ticket=ticket, cycle=0, revision=1, score=5, comment="Schnell!", by="ana",
            language="de", kind="incident", service="vpn", team="network", site="cologne",
            device="lt-1",
        )
    ]  # fmt: skip
    (event,) = [item for item in desk.publisher.events() if item.topic == FEEDBACK]
    assert (event.subject, event.source, event.time) == (ticket, "/desk/intake", desk.clock.now())


async def test_a_later_answer_replaces_the_earlier_one_of_the_same_resolution(desk: Desk) -> None:
    ticket = await resolved(desk)
    await desk.ana.post(f"/tickets/{ticket}/feedback", score=5)
    second = await desk.ana.post(f"/tickets/{ticket}/feedback", score=2, comment="Broken again")
    assert second.json()["replaces_earlier"] is True
    assert [(item.cycle, item.revision, item.score) for item in feedback_data(desk)] == [
        (0, 1, 5),
        (0, 2, 2),
    ]


async def test_a_reopened_ticket_is_asked_about_anew(desk: Desk) -> None:
    ticket = await resolved(desk)
    await desk.ana.post(f"/tickets/{ticket}/feedback", score=4)
    await desk.ana.post(f"/tickets/{ticket}/reopen", reason="Still away")
    refused = await desk.ana.post(f"/tickets/{ticket}/feedback", score=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")
    await desk.max.post(f"/tickets/{ticket}/resolve", resolution="Really done")
    await desk.ana.post(f"/tickets/{ticket}/feedback", score=3)
    assert [(item.cycle, item.revision, item.score) for item in feedback_data(desk)] == [
        (0, 1, 4),
        (1, 1, 3),
    ]


async def test_a_repeated_call_says_nothing_twice(desk: Desk) -> None:
    ticket = await resolved(desk)
    path = f"/tickets/{ticket}/feedback"
    first = await desk.ana.post(path, key="k-1", score=4)
    again = await desk.ana.post(path, key="k-1", score=4)
    other = await desk.ana.post(path, key="k-1", score=1)
    assert first.json() == again.json()
    assert (other.status_code, len(feedback_data(desk))) == (422, 1)


async def test_only_the_person_who_asked_can_answer(desk: Desk) -> None:
    ticket = await resolved(desk)
    path = f"/tickets/{ticket}/feedback"
    assert (await desk.ben.post(path, score=1)).status_code == 404
    staff = await desk.max.post(path, score=5)
    assert (staff.status_code, staff.json()["detail"]) == (
        403,
        f"Only the person who asked can say how ticket {(await desk.ticket(ticket)).code} went;"
        " add a comment to it instead.",
    )
    assert feedback_data(desk) == []


@pytest.mark.parametrize("score", [0, 6, 3.5, "very", None])
async def test_a_score_that_is_none_is_refused(desk: Desk, score: object) -> None:
    ticket = await resolved(desk)
    answer = await desk.ana.post(f"/tickets/{ticket}/feedback", score=score)
    assert (answer.status_code, feedback_data(desk)) == (422, [])


async def test_an_open_ticket_has_nothing_to_judge_yet(desk: Desk) -> None:
    ticket = await desk.ana.open()
    answer = await desk.ana.post(f"/tickets/{ticket}/feedback", score=1)
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith(
        "is new; tell us how it went once it is resolved, or add a comment now."
    )


async def test_what_is_missing_is_noted_once(desk: Desk) -> None:
    body = {"about": "demand", "what": "Shared  Whiteboard", "reason": "To draw"}
    first = await desk.ana.post("/feedback", key="k-2", **body)
    again = await desk.ana.post("/feedback", key="k-2", **body)
    assert (first.status_code, first.json()) == (201, again.json())
    (wanted,) = feedback_data(desk)
    assert isinstance(wanted, DemandRequested)
    assert (wanted.what, wanted.by) == ("Shared  Whiteboard", "ana")
    (event,) = [item for item in desk.publisher.events() if item.topic == FEEDBACK]
    assert event.subject == "shared whiteboard"


async def test_a_service_that_can_go_must_be_one(desk: Desk) -> None:
    body = {"about": "obsolete", "what": "vpn"}
    assert (await desk.ben.post("/feedback", **body)).status_code == 201
    (unused,) = feedback_data(desk)
    assert isinstance(unused, DemandObsoleteReported)
    assert (unused.service, unused.by) == ("vpn", "ben")
    refused = await desk.ben.post("/feedback", about="obsolete", what="teleport")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-service")


async def test_an_answer_outlives_a_bus_that_is_away(desk: Desk) -> None:
    ticket = await resolved(desk)
    desk.publisher.is_down = True
    path = f"/tickets/{ticket}/feedback"
    answer = await desk.ana.post(path, key="k-3", score=4)
    assert (answer.status_code, feedback_data(desk)) == (200, [])
    desk.publisher.is_down = False
    await desk.ana.post(path, key="k-3", score=4)
    assert [item.revision for item in feedback_data(desk)] == [1]
