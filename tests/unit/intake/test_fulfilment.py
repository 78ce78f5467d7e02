"""What a runbook does that people ask for: its track, its end, and when people get it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_charter import InvalidCharter, load_charter
from desk_contracts import Payload
from desk_contracts.events.automation import (
    Outcome,
    RunEscalated,
    RunHealed,
    RunSkipped,
    RunStarted,
    RunStepRecorded,
    StepStatus,
)
from desk_contracts.events.fulfilment import TicketFulfilmentRequested, TicketFulfilmentWithdrawn
from desk_contracts.events.problems import ProblemResolved
from desk_contracts.events.tickets import TicketResolved
from desk_contracts.message import message, verbatim

from tests.support.fulfilling import load_fulfilling, write_charter
from tests.support.intake_world import Desk, make_desk, triage_says

DEVICE = "laptop-ana"
RUN: dict[str, Any] = {"run": "r-1", "runbook": "restart-own-device"}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = make_desk(load_fulfilling(tmp_path))
    yield made
    for ticket in await made.tickets.find({}):
        await made.check(ticket.id)


async def request(desk: Desk) -> str:
    answer = await desk.ana.post("/catalogue/reboot/requests", answers={"device": DEVICE})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def hear(desk: Desk, ticket: str, kind: type[Payload], **data: Any) -> None:
    await desk.hear(kind.model_validate({**RUN, "request": ticket, **data}), DEVICE)


async def track(desk: Desk, ticket: str) -> tuple[str, str]:
    answer = (await desk.ana.get(f"/requests/{ticket}")).json()
    return answer["run"]["status"], answer["state"]


def escalated(**more: Any) -> dict[str, Any]:
    return {
        "title": "It was not restarted", "outcome": Outcome.NOT_HEALED, "team": "workplace",
        "reason": verbatim("It did not answer."), **more,
    }  # fmt: skip


async def test_a_runbook_is_asked_and_no_team_has_it_meanwhile(desk: Desk) -> None:
    ticket = await request(desk)
    (data,) = [
        event.data
        for event in desk.log(ticket)
        if isinstance(event.data, TicketFulfilmentRequested)
    ]
    assert (data.runbook, data.device, data.person) == ("restart-own-device", DEVICE, "ana")
    await desk.hear(triage_says("network"), ticket)
    state = await desk.ticket(ticket)
    assert (state.team, state.category) == ("", "vpn")
    assert await track(desk, ticket) == ("requested", "triaged")


async def test_what_telemetry_shows_to_be_done_is_resolved_once(desk: Desk) -> None:
    ticket = await request(desk)
    await hear(desk, ticket, RunStarted, version="v", title="Restart")
    assert await track(desk, ticket) == ("started", "new")
    for _ in range(2):
        await hear(desk, ticket, RunHealed, title="Restart", tell="Your device was restarted.")
    assert await track(desk, ticket) == ("done", "resolved")
    (resolved,) = [
        event.data for event in desk.log(ticket) if isinstance(event.data, TicketResolved)
    ]
    assert (resolved.how, resolved.verified_by, resolved.requester) == ("automation", "r-1", "ana")


async def fail(desk: Desk, ticket: str, attempt: int, why: str = "answer.device-silent") -> None:
    data = RunStepRecorded(
        **RUN, request=ticket, step="device-answers", executor="device", status=StepStatus.FAILED,
        attempt=attempt, message=message(why),
    )  # fmt: skip
    await desk.hear(data, DEVICE, id=f"step-{attempt}")


async def why(desk: Desk, ticket: str) -> tuple[str, str]:
    run = (await desk.ana.get(f"/requests/{ticket}")).json()["run"]
    return run["status"], " ".join(run["reasons"])


async def test_why_nothing_has_begun_is_said_once_and_not_after_the_beginning(desk: Desk) -> None:
    ticket = await request(desk)
    for attempt in (1, 2):
        await fail(desk, ticket, attempt)
    status, reason = await why(desk, ticket)
    assert (status, reason.partition(".")[0]) == (
        "requested",
        "Your device does not answer the desk",
    )
    kinds = [event.type for event in desk.log(ticket)]
    assert kinds.count("desk.ticket.fulfilment-reported.v1") == 1
    assert "Switch it on" in (await desk.ana.get(f"/tickets/{ticket}")).text
    # Whoever refuses has answered.
    await fail(desk, ticket, 3, why="answer.device-refused")
    _, reason = await why(desk, ticket)
    assert reason == "What the desk has to check before has not succeeded yet."
    await hear(desk, ticket, RunStarted, version="v", title="Restart")
    await fail(desk, ticket, 4)
    assert await why(desk, ticket) == ("started", "")


async def test_an_unhealed_run_hands_the_ticket_to_its_team_with_what_it_saw(desk: Desk) -> None:
    ticket = await request(desk)
    for _ in range(2):
        await hear(desk, ticket, RunEscalated, **escalated(tell="We do it by hand."))
    state = await desk.ticket(ticket)
    assert (state.team, state.is_team_fixed) == ("workplace", True)
    assert await track(desk, ticket) == ("handed-over", "assigned")
    kinds = [event.type for event in desk.log(ticket)]
    assert kinds.count("desk.ticket.assigned.v1") == 1
    shown = (await desk.ana.get(f"/tickets/{ticket}")).text
    assert "We do it by hand." in shown
    assert "It did not answer." in (await desk.max.get(f"/tickets/{ticket}")).text
    # Triage does not take it away from the team that the catalogue names.
    await desk.hear(triage_says("network"), ticket, id="later")
    assert (await desk.ticket(ticket)).team == "workplace"
    # Measurements that came late show that it is done after all.
    await hear(desk, ticket, RunHealed, title="Restart", corrects=Outcome.NOT_HEALED)
    assert await track(desk, ticket) == ("done", "resolved")


async def test_a_run_that_must_not_act_hands_over_as_well(desk: Desk) -> None:
    ticket = await request(desk)
    await hear(desk, ticket, RunSkipped, explanation=(verbatim("Its mode is suggest."),))
    assert await track(desk, ticket) == ("handed-over", "assigned")


async def test_no_answer_is_no_success(desk: Desk) -> None:
    ticket = await request(desk)
    await desk.pass_time(timedelta(minutes=59))
    assert await track(desk, ticket) == ("requested", "new")
    await desk.pass_time(timedelta(minutes=1))
    assert await track(desk, ticket) == ("handed-over", "assigned")
    assert (await desk.ticket(ticket)).team == "workplace"


async def test_who_takes_it_back_stops_the_run(desk: Desk) -> None:
    ticket = await request(desk)
    answer = await desk.ana.post(f"/requests/{ticket}/cancel", reason="Not now.")
    assert answer.status_code == 200
    last = desk.log(ticket)[-1].data
    assert isinstance(last, TicketFulfilmentWithdrawn)
    assert last.device == DEVICE
    await hear(desk, ticket, RunSkipped, explanation=(verbatim("It was taken back."),))
    assert (await desk.ticket(ticket)).state == "resolved"


async def test_a_ticket_that_goes_on_in_another_stops_the_run(desk: Desk) -> None:
    ticket, other = await request(desk), await desk.ana.open("The laptop hangs")
    merged = await desk.max.post(f"/tickets/{ticket}/merge", into=other)
    assert merged.status_code == 200, merged.text
    withdrawn = [e.data for e in desk.log(ticket) if isinstance(e.data, TicketFulfilmentWithdrawn)]
    assert [item.device for item in withdrawn] == [DEVICE]


async def test_the_end_of_a_problem_stops_the_run(desk: Desk) -> None:
    ticket = await request(desk)
    solved = ProblemResolved(
        service="laptop",
        title=verbatim("Laptops hang"),
        resolution=verbatim("The image was mended."),
        tickets=(ticket,),
        people=("ana",),
    )
    await desk.hear(solved, "p-1")
    assert (await desk.ticket(ticket)).state == "resolved"
    assert isinstance(desk.log(ticket)[-1].data, TicketFulfilmentWithdrawn)


async def test_a_repair_that_nobody_asked_for_ends_no_request(desk: Desk) -> None:
    ticket = await request(desk)
    await hear(desk, "", RunHealed, title="Another run")
    assert await track(desk, ticket) == ("requested", "new")


def test_a_runbook_that_begins_with_trouble_fulfils_nothing(tmp_path: Path) -> None:
    charter = write_charter(tmp_path)
    catalogue = charter / "catalogue.yaml"
    catalogue.write_text(catalogue.read_text().replace("restart-own-device", "clean-disk"))
    with pytest.raises(InvalidCharter, match="one that people ask for begins with"):
        load_charter(charter)
