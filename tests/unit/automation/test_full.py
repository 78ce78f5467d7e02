"""Where what automation remembers has an end: the last that is kept, and the first that is not."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_automation.actions.redaction import redact_message
from desk_automation.devices.decide import record_answer
from desk_automation.devices.model import CommandRecord
from desk_automation.inhibition.decide import follow
from desk_automation.inhibition.model import OpenSignals
from desk_automation.recurrence.debts import Cause, add_fix
from desk_automation.recurrence.model import Debt, DebtBound, Fix, PlannedDebt
from desk_automation.safety.statistics import BreakerEpisode, RunbookStatistics
from desk_automation.safety.target import Taking, Target, take
from desk_automation.safety.withheld import count_withheld
from desk_automation.scopes.decide import end
from desk_automation.scopes.model import Limit, Scope
from desk_automation.verification.decide import clear_episode
from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import FixRepeated, Outcome
from desk_contracts.events.devices import CommandAnswered, DeviceOutcome
from desk_contracts.events.signals import SignalCleared
from desk_contracts.message import message, verbatim
from desk_kernel import Decision

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
