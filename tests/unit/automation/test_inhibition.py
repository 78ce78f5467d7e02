"""Open signals hold runs back, and what waited is asked anew."""

from datetime import timedelta

import pytest
from desk_automation.inhibition.decide import MAX_OPEN, follow
from desk_automation.inhibition.model import OpenSignals
from desk_automation.runs.model import Phase
from desk_automation.runs.withholding import LONGEST_INHIBITION
from desk_contracts import Event
from desk_contracts.events.signals import SignalDropped, SignalRaised
from desk_contracts.value_types import SubjectKind

from tests.support.automation_engine import (
    START,
    measured,
    raised,
)
from tests.support.automation_held_back import (
    HOUR,
    MINUTE,
    at_service,
    engine,
    outage,
    outage_over,
    reason_of,
)


@pytest.mark.parametrize("inhibitor", [outage("laptop-1", ""), outage(), outage("gw", "vpn")])
async def test_an_open_signal_of_the_subject_its_service_or_a_dependency_inhibits(
    inhibitor: Event[SignalRaised],
) -> None:
    desk = engine(inhibited_by=["network-down"])
    await desk.hear(inhibitor, at_service(raised()))
    await desk.settle(20 * MINUTE)
    assert desk.target.calls == []
    waiting = await desk.run()
    assert waiting.reason is not None
    assert (waiting.phase, waiting.reason.code) == (Phase.QUEUED, "refusal.inhibited")
    await desk.hear(outage_over(inhibitor.subject))
    await desk.settle(MINUTE)
    assert desk.target.calls == []  # not before it is measured again
    await desk.hear(measured(4.0, desk.clock.now()))
    await desk.settle(timedelta(seconds=2))
    assert desk.target.kinds() == ["act"]


@pytest.mark.parametrize(
    "inhibitor", [outage("other-laptop", ""), outage("mail-1", "mail"), raised("laptop-2")]
)
async def test_signals_of_others_do_not_inhibit(inhibitor: Event[SignalRaised]) -> None:
    desk = engine(inhibited_by=["network-down", "disk-filling"])
    event = at_service(raised())
    await desk.hear(inhibitor, event)
    await desk.settle(timedelta(seconds=10))
    assert (await desk.run(event)).phase is Phase.VERIFYING


@pytest.mark.parametrize(
    ("when", "count"),
    [
        ('data.signal == "disk-filling"', 0),
        ('data.signal == "disk-filling" && data.subject_kind == "fleet"', 1),
    ],
)
async def test_a_signal_of_a_fleet_starts_only_what_asks_for_its_kind(
    when: str, count: int
) -> None:
    desk = engine(when=when)
    event = raised("fleet/disk-filling")
    data = event.data.model_copy(update={"subject_kind": SubjectKind.FLEET})
    fleet = Event(id="f", source="/t", subject=event.subject, time=event.time, data=data)
    await desk.hear(fleet)
    assert await desk.runs.count() == count


async def test_a_signal_whose_watcher_has_gone_holds_nothing_back() -> None:
    desk = engine(inhibited_by=["network-down"])
    dropped = SignalDropped(
        episode="core-switch/outage",
        detector="alert",
        signal="network-down",
        title="No way out",
        seen_at=START,
        subject_kind=SubjectKind.SERVICE,
        service="network",
    )
    end = Event(id="drop", source="/t", subject="core-switch", time=START, data=dropped)
    await desk.hear(outage(), end, at_service(raised()))
    await desk.settle(timedelta(seconds=10))
    assert desk.target.kinds() == ["act"]


async def test_what_is_inhibited_too_long_is_skipped_with_the_reason() -> None:
    desk = engine(inhibited_by=["network-down"])
    await desk.hear(outage(), at_service(raised()))
    for _ in range(25):
        await desk.settle(HOUR)
    assert desk.clock.now() > START + LONGEST_INHIBITION
    assert desk.emitted() == ["withheld", "skipped"]
    assert reason_of(desk) == "run.withheld-too-long"


def test_of_more_open_signals_than_are_kept_the_newest_are() -> None:
    state = OpenSignals()
    for number in range(MAX_OPEN + 1):
        state = follow(state, raised(episode=f"e{number}")) or state
    assert len(state.open) == MAX_OPEN
    assert (state.open[0].episode, state.open[-1].episode) == ("e1", f"e{MAX_OPEN}")
