"""Runs that do what somebody asked for: one for each ticket, and none that was taken back."""

from datetime import timedelta

from desk_automation.runs.model import Phase
from desk_contracts import Event
from desk_contracts.events.automation import RunEscalated, RunHealed, RunSkipped
from desk_contracts.events.fulfilment import TicketFulfilmentRequested, TicketFulfilmentWithdrawn

from tests.support.automation_engine import (
    NO_CONNECTION,
    START,
    Engine,
    FakeTarget,
    act,
    measured,
    runbook,
)

STEP = act() | {
    "request": {"method": "POST", "url": "http://agent:1/v1/clean", "body": "${data.person}"}
}
BOOK = runbook(
    event="desk.ticket.fulfilment-requested.v1", when='data.device != ""', target="data.device",
    settle="10s", steps=[STEP],
)  # fmt: skip


def requested(
    ticket: str = "t-1", runbook: str = "clean-disk", device: str = "laptop-1"
) -> Event[TicketFulfilmentRequested]:
    data = TicketFulfilmentRequested(
        runbook=runbook, item="clean-up", person="ana", device=device, title="Clean up",
        until=START + timedelta(hours=1),
    )  # fmt: skip
    return Event(id=f"order-{ticket}", source="/desk/intake", subject=ticket, time=START, data=data)


async def test_a_request_starts_the_runbook_that_it_names_once() -> None:
    engine = Engine((BOOK, runbook(id="other", event=BOOK.event, when="true", steps=[STEP])))
    await engine.hear(requested(), requested())
    run = await engine.run()
    assert (run.plan.runbook, run.target, run.trigger.request) == ("clean-disk", "laptop-1", "t-1")
    await engine.hear(requested("t-2"))
    assert len(await engine.runs.find({})) == 2


async def test_telemetry_of_the_device_shows_that_it_is_done() -> None:
    engine = Engine((BOOK,))
    await engine.hear(requested())
    await engine.settle(timedelta(seconds=15))
    await engine.hear(measured(30.0, engine.clock.now()))
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunHealed)
    assert (last.request, last.person) == ("t-1", "ana")
    assert engine.target.distinct_effects == 1


async def test_one_that_does_not_come_through_says_whose_request_it_was() -> None:
    engine = Engine((BOOK,), FakeTarget([NO_CONNECTION] * 3))
    await engine.hear(requested())
    await engine.settle()
    last = engine.last()
    assert isinstance(last, RunEscalated)
    assert last.request == "t-1"


async def test_what_is_taken_back_in_time_is_not_done() -> None:
    engine = Engine((BOOK,))
    await engine.hear(requested(), requested("t-2", device="laptop-2"))
    data = TicketFulfilmentWithdrawn(runbook="clean-disk", device="laptop-1")
    await engine.hear(Event(id="w", source="/desk/intake", subject="t-1", time=START, data=data))
    await engine.settle(timedelta(seconds=20))
    run = await engine.run(requested())
    assert run.phase is Phase.SKIPPED
    skipped = [event.data for event in engine.bus.events() if isinstance(event.data, RunSkipped)]
    assert [data.request for data in skipped] == ["t-1"]
    assert engine.target.distinct_effects == 1
