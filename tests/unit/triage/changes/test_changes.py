"""Changes under way are known, and forgotten when nobody suspects them any more."""

from math import exp
from typing import Any

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_contracts.events.signals import ChangeSuspected, SignalRaised
from desk_contracts.value_types import Severity, SubjectKind
from desk_triage.changes.decide import MAX_CHANGES, expire, find_poisson_tail, follow
from desk_triage.changes.model import LONGEST_CHANGE, SUSPECT_FOR, Change, ServiceChanges

from tests.support.triage_desk import TriageDesk, at, change_started, event


async def remembered(desk: TriageDesk) -> tuple[Change, ...]:
    result = await desk.changes.find({"suspect": True})
    return tuple(change for entry in result if entry.state for change in entry.state.changes)


async def test_a_change_is_suspect_until_two_hours_after_its_end() -> None:
    desk = TriageDesk()
    end = ChangeFinished(change="c-1", kind=ChangeKind.RELEASE, succeeded=False)
    await desk.feed(change_started("vpn", 0), event("vpn", end, 30))
    (change,) = await remembered(desk)
    assert change.suspect_until == at(30) + SUSPECT_FOR
    assert not change.succeeded
    ((due, id),) = await desk.changes.due(at(10_000), 5)
    desk.clock.advance(due - desk.clock.now())
    await desk.on_timer(desk.units_of_work[1], id)
    assert await remembered(desk) == ()


def test_one_that_nobody_reported_as_finished_is_not_suspect_for_ever() -> None:
    outcome = follow(None, change_started("vpn", 0))
    assert outcome is not None
    assert outcome.due == at(0) + LONGEST_CHANGE
    assert expire(outcome.state, at(0) + LONGEST_CHANGE).state.changes == ()


def test_an_end_without_a_beginning_tells_nothing() -> None:
    end = ChangeFinished(change="c-9", kind=ChangeKind.RELEASE, succeeded=True)
    outcome = follow(None, event("vpn", end))
    assert outcome is not None
    assert outcome.state.changes == ()


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0)], ids=["late", "in-order", "twice"])
def test_what_is_over_is_not_said_to_be_running(order: tuple[int, ...]) -> None:
    """A report that was tried again comes after the one that followed it."""
    end = ChangeFinished(change="c-1", kind=ChangeKind.RELEASE, succeeded=False)
    reports = event("vpn", end, 30), change_started("vpn", 0)
    state: ServiceChanges | None = None
    for number in order:
        outcome = follow(state, reports[number])
        assert outcome is not None
        state = outcome.state
    assert state is not None
    (change,) = state.changes
    assert (change.finished_at, change.succeeded) == (at(30), False)
    assert state.early_ends == ()


def test_ends_that_come_first_wait_for_their_own_beginnings_the_latest_of_each() -> None:
    def end(change: str, minutes: float) -> AnyEvent:
        data = ChangeFinished(change=change, kind=ChangeKind.RELEASE, succeeded=True)
        return event("vpn", data, minutes)

    state: ServiceChanges | None = None
    for report in (end("c-1", 30), end("c-2", 31), end("c-1", 32)):
        outcome = follow(state, report)
        assert outcome is not None
        state = outcome.state
    assert state is not None
    assert [(item.change, item.at) for item in state.early_ends] == [
        ("c-2", at(31)),
        ("c-1", at(32)),
    ]
    begun = follow(state, change_started("vpn", 0))
    assert begun is not None
    assert [change.finished_at for change in begun.state.changes] == [at(32)]
    assert [item.change for item in begun.state.early_ends] == ["c-2"]
    for number in range(MAX_CHANGES + 1):
        outcome = follow(state, end(f"d-{number}", 40))
        assert outcome is not None
        state = outcome.state
    assert [item.change for item in state.early_ends] == [
        f"d-{number}" for number in range(1, MAX_CHANGES + 1)
    ]


def test_what_is_begun_again_is_running() -> None:
    end = ChangeFinished(change="c-1", kind=ChangeKind.RELEASE, succeeded=True)
    state: ServiceChanges | None = None
    for report in (change_started("vpn", 0), event("vpn", end, 30), change_started("vpn", 60)):
        outcome = follow(state, report)
        assert outcome is not None
        state = outcome.state
    assert state is not None
    assert state.changes[0].finished_at is None


def test_only_the_newest_are_kept() -> None:
    state: ServiceChanges | None = None
    for number in range(MAX_CHANGES + 3):
        begun = change_started("vpn", number)
        data = begun.data.model_copy(update={"change": f"c-{number}"})
        outcome = follow(state, event("vpn", data, number))
        assert outcome is not None
        state = outcome.state
    assert state is not None
    assert state.changes[0].change == "c-3"


def signal(subject: str, minutes: float, **more: Any) -> Event[SignalRaised]:
    data = SignalRaised(
        episode=f"{subject}/{minutes}",
        detector="d",
        signal="app-crashes",
        title="t",
        severity=Severity.WARNING,
        subject_kind=more.pop("kind", SubjectKind.DEVICE),
        measurement="m",
        value=1,
        threshold=1,
        service="vpn",
    )
    return event(subject, data, minutes)  # type: ignore[return-value]


def suspicions(*events: AnyEvent) -> list[ChangeSuspected]:
    state: ServiceChanges | None = None
    emitted: list[ChangeSuspected] = []
    for each in events:
        outcome = follow(state, each)
        assert outcome is not None
        state = outcome.state
        emitted += [made.data for made in outcome.events if isinstance(made.data, ChangeSuspected)]
    return emitted


def test_trouble_in_the_first_ring_is_told_to_the_pipeline_once() -> None:
    begun = change_started("vpn", 0)
    canary = event("vpn", begun.data.model_copy(update={"ring": "canary"}), 0)
    crashes = [signal(f"laptop-{number}", 5 + number) for number in range(6)]
    (suspicion,) = suspicions(canary, *crashes)
    assert (suspicion.ring, suspicion.signal, suspicion.count, suspicion.service) == (
        "canary",
        "app-crashes",
        3,
        "vpn",
    )
    assert suspicion.expected < 0.01
    assert suspicion.change_source == canary.source


def test_a_change_that_is_heard_of_after_its_trouble_is_suspected_too() -> None:
    crashes = [signal(f"laptop-{number}", 5 + number) for number in range(3)]
    (suspicion,) = suspicions(*crashes, change_started("vpn", 0))
    assert suspicion.count == 3


def test_a_failing_service_needs_no_second_witness() -> None:
    alarm = signal("vpn-gateway", 5, kind=SubjectKind.SERVICE)
    assert len(suspicions(change_started("vpn", 0), alarm)) == 1


def test_what_fails_every_day_is_no_suspicion() -> None:
    week = 7 * 24 * 60
    daily = [signal(f"laptop-{number}", 30 * number) for number in range(week // 30)]
    begun = change_started("vpn", week)
    after = [signal(f"phone-{number}", week + 30 + 30 * number) for number in range(3)]
    assert suspicions(*daily, begun, *after) == []


def test_trouble_from_before_or_long_after_is_not_blamed_on_a_change() -> None:
    before = [signal(f"laptop-{number}", number) for number in range(6)]
    end = event("vpn", ChangeFinished(change="c-1", kind=ChangeKind.RELEASE, succeeded=True), 20)
    late = [signal(f"laptop-{number}", 200 + number) for number in range(6)]
    assert suspicions(*before, change_started("vpn", 10), end, *late) == []


def test_the_next_ring_remembers_what_was_told_of_the_first() -> None:
    crashes = [signal(f"laptop-{number}", 5 + number) for number in range(4)]
    again = [signal(f"laptop-{number}", 40 + number) for number in range(4)]
    events = (change_started("vpn", 0), *crashes, change_started("vpn", 30), *again)
    assert len(suspicions(*events)) == 1


def test_the_tail_of_poisson_is_exact() -> None:
    assert find_poisson_tail(0, 2.0) == 1.0
    assert find_poisson_tail(1, 2.0) == pytest.approx(1 - exp(-2))
    assert find_poisson_tail(3, 0.5) == pytest.approx(1 - exp(-0.5) * (1 + 0.5 + 0.125))
