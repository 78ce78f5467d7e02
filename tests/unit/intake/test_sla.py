"""What the clocks of a ticket say is shown beside it, and is no part of its life."""

from datetime import datetime, timedelta
from typing import Any

from desk_contracts import Payload
from desk_contracts.events.sla import (
    ClockName,
    SlaAtRisk,
    SlaBreached,
    SlaCancelled,
    SlaMet,
    SlaPaused,
    SlaResumed,
    SlaStarted,
)
from desk_contracts.message import message

from tests.support.intake_world import MONDAY, Desk, triage_says

CLOCK: dict[str, Any] = {"clock": ClockName.RESOLUTION, "policy": "p", "policy_version": "v"}
DUE = MONDAY + timedelta(hours=4)


async def test_the_sla_is_shown_with_the_honest_expectation(desk: Desk) -> None:
    ticket = await desk.ana.open()
    await desk.hear(triage_says(), ticket)

    async def expectation_after(data: Payload, id: str) -> tuple[str, str | None]:
        await desk.hear(data, ticket, id)
        view = (await desk.ana.get(f"/tickets/{ticket}")).json()
        return view["expectation"], view["due"]

    by = "by Monday 2 March 2026, 13:00 (UTC)"
    goal = timedelta(hours=4)
    sla: dict[str, Any] = {**CLOCK, "due": DUE}
    assert await expectation_after(SlaStarted(**sla, target=goal), "e-1") == (
        f"You can expect a solution {by}.",
        "2026-03-02T13:00:00Z",
    )
    assert (await expectation_after(SlaAtRisk(**sla, percent=75), "e-2"))[0] == (
        f"We promised a solution {by}, but it may take longer."
    )
    late, due = await expectation_after(SlaBreached(**sla), "e-3")
    assert late.startswith(f"We promised a solution {by} and are late, for which we are sorry")
    assert due is not None
    kept, due = await expectation_after(SlaMet(**sla, took=goal), "e-4")
    assert (kept, due) == (
        "Nothing is promised for this ticket; its team answers as soon as it can.",
        None,
    )


async def test_the_clocks_are_shown_and_no_part_of_the_tickets_life(desk: Desk) -> None:
    ticket = await desk.ana.open()
    later = DUE + timedelta(hours=1)
    heard: list[tuple[Payload, str, datetime | None]] = [
        (SlaStarted(**CLOCK, due=DUE, target=timedelta(hours=4)), "running", DUE),
        (SlaPaused(**CLOCK, waiting_for="employee"), "running", DUE),
        (SlaResumed(**CLOCK, due=DUE), "running", DUE),
        (SlaAtRisk(**CLOCK, due=DUE, percent=75), "at_risk", DUE),
        (SlaResumed(**CLOCK, due=later), "at_risk", later),
        (
            SlaCancelled(**CLOCK, because=message("sla.none-applies"), replaced=True),
            "at_risk",
            later,
        ),
        (SlaBreached(**CLOCK, due=later), "breached", later),
        (SlaMet(**CLOCK, due=later, took=timedelta(hours=5)), "met", later),
        (SlaCancelled(**CLOCK, because=message("sla.withdrawn")), "cancelled", None),
    ]
    for number, (data, status, due) in enumerate(heard):
        await desk.hear(data, ticket, f"e-{number}")
        stored = (await desk.slas.load([ticket]))[ticket].state
        assert stored is not None
        assert [(clock.status, clock.due) for clock in stored.clocks] == [(status, due)]
    assert desk.types(ticket) == ["opened"]
    assert (await desk.ana.get(f"/tickets/{ticket}")).json()["sequence"] == 1


async def test_a_reader_with_an_old_etag_sees_what_the_clocks_say_now(desk: Desk) -> None:
    ticket = await desk.ana.open()
    path = f"/tickets/{ticket}"
    first = (await desk.ana.get(path)).headers["ETag"]
    assert (await desk.ana.get(path, **{"If-None-Match": first})).status_code == 304
    await desk.hear(SlaStarted(**CLOCK, due=DUE, target=timedelta(hours=4)), ticket)
    changed = await desk.ana.get(path, **{"If-None-Match": first})
    assert (changed.status_code, changed.json()["due"]) == (200, "2026-03-02T13:00:00Z")
    same = await desk.ana.get(path, **{"If-None-Match": changed.headers["ETag"]})
    assert same.status_code == 304
    # What the clocks say is nothing that a caller changes.
    assert (await desk.ana.patch(path, first, title="One")).status_code == 200
    now = (await desk.ana.get(path)).headers["ETag"]
    assert (await desk.ana.patch(path, now, title="Two")).status_code == 200
    assert (await desk.ana.patch(path, now, title="Three")).status_code == 412


async def test_clocks_that_cannot_be_read_are_unknown_and_hide_no_ticket(desk: Desk) -> None:
    ticket, other = await desk.ana.open(), await desk.ana.open()
    for item in (ticket, other):
        await desk.hear(triage_says(), item, f"triaged-{item}")
        await desk.hear(
            SlaStarted(**CLOCK, due=DUE, target=timedelta(hours=4)), item, f"sla-{item}"
        )
    desk.slas.damage(ticket)
    view = (await desk.ana.get(f"/tickets/{ticket}")).json()
    assert (view["sla"], view["due"]) == ([], None)
    assert view["expectation"].startswith("We cannot tell now what is promised")
    items = (await desk.ana.get("/tickets")).json()["items"]
    assert {item["id"]: item["due"] for item in items} == {
        ticket: None,
        other: "2026-03-02T13:00:00Z",
    }


async def test_a_listing_shows_when_each_ticket_is_due(desk: Desk) -> None:
    first, second = await desk.ana.open(), await desk.ana.open()
    await desk.hear(SlaStarted(**CLOCK, due=DUE, target=timedelta(hours=4)), first)
    items = (await desk.ana.get("/tickets")).json()["items"]
    assert {item["id"]: item["due"] for item in items} == {
        first: "2026-03-02T13:00:00Z",
        second: None,
    }


async def test_what_teams_agree_with_each_other_is_not_shown_to_employees(desk: Desk) -> None:
    ticket = await desk.ana.open()
    data = SlaStarted(
        clock=ClockName.OWNERSHIP,
        policy="p",
        policy_version="v",
        due=DUE,
        target=timedelta(hours=1),
    )
    await desk.hear(data, ticket)
    assert (await desk.ana.get(f"/tickets/{ticket}")).json()["sla"] == []
    assert len((await desk.max.get(f"/tickets/{ticket}")).json()["sla"]) == 1
