"""Where what automation remembers has an end: the last that is kept, and the first that is not."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_automation.actions.redaction import redact_message
from desk_automation.devices.decide import record_answer
from desk_automation.devices.model import CommandRecord
from desk_automation.inhibition.decide import follow
from desk_automation.inhibition.model import OpenSignals
from desk_automation.recurrence.debts import Cause, add_fix
from desk_automation.recurrence.decide import add_cure, add_trouble
from desk_automation.recurrence.model import (
    Cure,
    Debt,
    DebtBound,
    Fix,
    PlannedDebt,
    TargetHistory,
    Trouble,
)
from desk_automation.rollouts.decide import RingRequest, advance, request_place
from desk_automation.rollouts.fleet import FleetRules, add_fault
from desk_automation.rollouts.model import (
    FaultSeen,
    Place,
    PlannedRollout,
    Ring,
    RolloutState,
    RunbookStop,
)
from desk_automation.safety.breaker import Counted, breaker_rule
from desk_automation.safety.model import Bounds
from desk_automation.safety.statistics import (
    BreakerEpisode,
    RunbookStatistics,
    RunResult,
    count_outcome,
)
from desk_automation.safety.target import AdmissionRequest, Taking, Target, take
from desk_automation.safety.target import admit as admit_to_target
from desk_automation.safety.withheld import admit_or_withhold, begin_episode, count_withheld
from desk_automation.scopes.decide import admit as admit_to_scope
from desk_automation.scopes.decide import end
from desk_automation.scopes.model import Limit, Scope, ScopeRequest
from desk_automation.verification.decide import clear_episode
from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import FixRepeated, Outcome, RunbookStopped, StopKind
from desk_contracts.events.devices import CommandAnswered, DeviceOutcome
from desk_contracts.events.signals import SignalCleared
from desk_contracts.message import message, verbatim
from desk_kernel import Context, Decision

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def newest(name: str, most: int) -> tuple[str, ...]:
    """Of one more than there is room for."""
    return tuple(f"{name}{number}" for number in range(1, most + 1))


def test_two_thousand_episodes_are_known_as_over() -> None:
    subject = None
    for number in range(2_001):
        subject = clear_episode(subject, f"e{number}")
    assert subject is not None
    assert subject.cleared == newest("e", 2_000)
    assert clear_episode(subject, "e1") is None


def test_a_scope_counts_each_of_its_newest_two_hundred_runs_once() -> None:
    scope: Scope | None = None
    limit = Limit("service", "erp")
    for number in range(201):
        scope = end(scope, NOW, limit=limit, run=f"r{number}", outcome=Outcome.NOT_HEALED)
    assert scope is not None
    assert (scope.counted, scope.failures) == (newest("r", 200), 201)
    assert scope.failed == newest("r", 200)[-50:]
    assert end(scope, NOW, limit=limit, run="r1", outcome=Outcome.HEALED) is None


def test_the_newest_thousand_episodes_that_ended_open_nothing_again() -> None:
    state: OpenSignals | None = None
    for number in range(1_001):
        data = SignalCleared(episode=f"e{number}", detector="d", signal="s", value=1)
        state = follow(state, Event(f"c{number}", "/t", "laptop", NOW, data))
    assert state is not None
    assert state.ended == newest("e", 1_000)


def test_of_a_fix_the_newest_two_hundred_are_known_and_twenty_are_named() -> None:
    """The oldest is counted again if it comes again, and none of the others is."""
    plan = PlannedDebt(team="network", per_cause=DebtBound(times=201, days=1))
    cause = Cause("clean", "Free space", "vpn", plan)

    def add(debt: Debt | None, number: int) -> Decision[Debt] | None:
        return add_fix(
            debt, Fix(run=f"r{number}", target="t", at=NOW), cause, NOW, is_of_target=False
        )

    debt, events = None, list[AnyEvent]()
    for number in range(201):
        assert not events, "it is told once there are as many as it takes"
        decision = add(debt, number)
        assert decision is not None
        debt, events = decision.state, list(decision.events)
    [repeated] = events
    assert isinstance(repeated.data, FixRepeated)
    assert (repeated.data.count, repeated.data.runs) == (201, newest("r", 200)[-20:])
    assert debt is not None
    assert [fix.run for fix in debt.newest] == list(newest("r", 200))
    assert add(debt, 1) is None
    assert add(debt, 0) is not None


def test_a_breaker_names_the_newest_fifty_targets_and_counts_all() -> None:
    counts = RunbookStatistics(episode=BreakerEpisode(since=NOW))
    for number in (*range(51), 50):
        counts = count_withheld(counts, f"t{number}", NOW)
    assert counts.episode is not None
    assert (counts.episode.targets, counts.episode.withheld) == (newest("t", 50), 52)
    assert count_withheld(counts, "late", NOW + timedelta(seconds=1)) is counts


def test_fifty_who_took_a_target_are_known() -> None:
    target: Target | None = None
    for number in range(51):
        target = take(target, Taking(by=f"p{number}", ticket="t", at=NOW))
    assert target is not None
    assert [taking.by for taking in target.takings] == list(newest("p", 50))


def test_fifty_answers_of_a_device_are_kept_and_of_each_what_an_event_bears() -> None:
    record: CommandRecord | None = None
    details = {f"d{number:02}": "x" * 1_001 for number in range(21)}
    for number in range(51):
        data = CommandAnswered(
            command="c", run="r", token=number, digest="d", action="a", outcome=DeviceOutcome.DONE,
            reason=verbatim("x"), details=details,
        )  # fmt: skip
        record = record_answer(record, "laptop", data, NOW) or record
    assert record is not None
    assert [answer.token for answer in record.answers] == list(range(1, 51))
    kept = record.answers[0].details
    assert list(kept) == [f"d{number:02}" for number in range(20)]
    assert set(kept.values()) == {"x" * 1_000}
    assert record_answer(record, "laptop", data, NOW) is None


@pytest.mark.parametrize(("length", "is_whole"), [(1_000, True), (1_001, False)])
def test_a_text_of_a_message_has_a_thousand_bytes(length: int, *, is_whole: bool) -> None:
    text = "x" * length
    inner = message("evidence.text", text=text)
    redacted = redact_message(
        message("evidence.text", text=text, more=(text, "y"), inner=inner, count=3)
    )
    for name, before in (("text", text), ("more", (text, "y")), ("inner", inner)):
        assert (redacted.params[name] == before) is is_whole
    assert len(str(redacted.params["text"])) <= 1_000
    assert redacted.params["count"] == 3


BOUNDS = Bounds(
    cooldown=timedelta(0), per_day=99, per_hour=99, overflow="queue", failures=1,
    reopen_after=timedelta(hours=1),
)  # fmt: skip
ROLLOUT = PlannedRollout(
    first=1, most=1, healed_percent=100, hold=timedelta(0), wait=timedelta(hours=9),
    restart_after=timedelta(hours=9),
)  # fmt: skip


def test_of_an_open_breaker_two_hundred_causes_are_brought_to_people() -> None:
    counts = RunbookStatistics(opened_at=NOW, episode=begin_episode("r0", "c0", NOW))
    for number in range(1, 200):
        counts = admit_or_withhold(counts, f"r{number}", f"c{number}", BOUNDS, NOW) or counts
    assert counts.episode is not None
    assert list(counts.episode.told_by) == ["c0", *newest("c", 199)]
    assert admit_or_withhold(counts, "r200", "c200", BOUNDS, NOW) is None


def test_of_a_stopped_service_two_hundred_causes_are_brought_to_people() -> None:
    limit = Limit("service", "erp", failures=1, reopen_after=timedelta(hours=1))
    scope = Scope(opened_at=NOW, stopped_at=NOW)
    for number in range(1, 201):
        ask = ScopeRequest(f"r{number}", f"c{number}", 1, NOW)
        scope = admit_to_scope(scope, NOW, limit=limit, ask=ask) or scope
    assert list(scope.told_by) == list(newest("c", 200))
    assert admit_to_scope(scope, NOW, limit=limit, ask=ScopeRequest("r201", "c201", 1, NOW)) is None


def test_a_runbook_counts_each_of_its_newest_two_hundred_runs_once_and_lists_fifty_targets() -> (
    None
):
    bounds = BOUNDS.model_copy(update={"failures": 201})

    def fail(counts: RunbookStatistics | None, number: int) -> RunbookStatistics | None:
        ended = RunResult(Outcome.NOT_HEALED, f"t{number}", has_sent=True)
        return count_outcome(counts, f"r{number}", ended, bounds, NOW)

    counts: RunbookStatistics | None = None
    for number in range(201):
        counts = fail(counts, number)
    assert counts is not None
    assert (counts.counted, counts.failed) == (newest("r", 200), newest("t", 200))
    assert fail(counts, 1) is None


def test_a_breaker_that_opens_lists_the_newest_fifty_targets() -> None:
    opened = RunbookStatistics(opened_at=NOW, failed=newest("t", 51))
    counted = Counted("r", "1", "Clean", "network", BOUNDS)
    decision = breaker_rule(lambda _before, _now: opened, counted)(None, Context(NOW, id="clean"))
    assert decision is not None
    [event] = decision.events
    assert isinstance(event.data, RunbookStopped)
    assert (event.data.targets, event.data.target_count) == (newest("t", 51)[-50:], 51)


def test_a_target_knows_the_newest_hundred_runs() -> None:
    target: Target | None = None
    for number in range(101):
        ask = AdmissionRequest(f"r{number}", "clean", timedelta(0), 999, until=NOW)
        target = admit_to_target(target, ask, NOW)
    assert target is not None
    assert [admitted.run for admitted in target.history] == list(newest("r", 100))


def test_two_hundred_troubles_and_cures_of_a_target_are_known() -> None:
    history: TargetHistory | None = None
    for number in range(201):
        cure = Cure(run=f"r{number}", runbook="clean", episode="e", at=NOW)
        trouble = Trouble(episode=f"e{number}", at=NOW, runbooks=("clean",))
        at = NOW + timedelta(seconds=number)
        history = add_cure(history, cure.model_copy(update={"at": at}))
        history = add_trouble(history, trouble.model_copy(update={"at": at}))
    assert history is not None
    assert [cure.run for cure in history.cures] == list(newest("r", 200))
    assert [trouble.episode for trouble in history.troubles] == list(newest("e", 200))


def test_of_many_equal_faults_fifty_targets_are_listed_and_ten_named() -> None:
    rules = FleetRules(more_than=50, within=timedelta(hours=1), title="Clean", team="network")
    state: RolloutState | None = None
    for number in range(1, 52):
        assert state is None or state.stop is None
        fault = FaultSeen(target=f"t{number}", at=NOW + timedelta(seconds=number))
        state = add_fault(state, fault, rules, NOW)
    assert state is not None
    assert state.stop is not None
    assert (state.stop.targets, state.stop.target_count) == (newest("t", 51)[:50], 51)
    assert state.stop.reason.params["targets"] == newest("t", 10)


def test_of_a_ring_that_did_not_help_fifty_targets_are_listed() -> None:
    silent = tuple(
        Place(run=f"r{number}", target=f"t{number}", until=NOW, is_started=True)
        for number in range(1, 52)
    )
    ring = Ring(version="1", rules=ROLLOUT, size=51, places=silent, opened_at=NOW)
    stop = advance(RolloutState(ring=ring), NOW).stop
    assert stop is not None
    assert (stop.targets, stop.target_count) == (newest("t", 51)[:50], 51)


def test_a_thousand_runs_stand_in_the_line_of_a_ring_or_of_a_stopped_runbook() -> None:
    in_ring = add_places(None)
    assert in_ring is not None
    assert in_ring.waiting == newest("r", 1_000)
    stop = RunbookStop(
        kind=StopKind.FLEET, at=NOW, reason=verbatim("x"), title="Clean", team="network", run="r0"
    )
    stopped = add_places(RolloutState(stop=stop))
    assert stopped is not None
    assert stopped.waiting == newest("r", 1_000)


def add_places(state: RolloutState | None) -> RolloutState | None:
    """The first of these runs has its place, or brings the stop to people."""
    for number in range(1_002):
        ask = RingRequest(
            f"r{number}",
            f"t{number}",
            "1",
            NOW,
            NOW + timedelta(hours=1),
            ROLLOUT,
            "Clean",
            "network",
        )
        state = request_place(state, ask, NOW) or state
    return state
