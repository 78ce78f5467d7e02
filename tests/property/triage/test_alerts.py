"""Alerts, whatever times their reports give, in any order and with any copies."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, cast

from desk_charter import load_charter
from desk_contracts import AnyEvent, Event
from desk_contracts.events.signals import SignalCleared, SignalRaised, SignalSeverityChanged
from desk_contracts.events.telemetry import AlertFired, AlertResolved
from desk_contracts.value_types import Severity, SubjectKind
from desk_kernel import Decision
from desk_triage.changes.snapshot import EMPTY
from desk_triage.detection.alerts import clear_quiet, fire, resolve
from desk_triage.detection.model import Subject
from hypothesis import given
from hypothesis import strategies as st

CHARTER = load_charter(Path(__file__).parents[3] / "charter")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
# Clocks that are right, behind, ahead, wildly wrong, or always say when it began.
TIMES = st.one_of(
    st.integers(-600, 600).map(lambda s: NOON + timedelta(seconds=s)),
    st.just(NOON),
    st.integers(0, 3_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
)


class Report(NamedTuple):
    """What the monitor says, and after how long it arrives."""

    severity: Severity | None
    time: datetime
    pause: int


REPORTS = st.lists(
    st.builds(
        Report,
        st.one_of(st.none(), st.sampled_from(list(Severity))),
        TIMES,
        st.integers(0, 400),
    ),
    max_size=10,
)
COPIES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6)


def event_of(number: int, report: Report) -> AnyEvent:
    about = {"subject_kind": SubjectKind.SERVICE, "name": "DiskFull", "fingerprint": "f1"}
    if report.severity is None:
        data = AlertResolved.model_validate(about)
        return Event(str(number), "/monitor/a", "db-1", report.time, data)
    texts = about | {"severity": report.severity, "summary": f"report {number}"}
    return Event(str(number), "/monitor/a", "db-1", report.time, AlertFired.model_validate(texts))


def step(state: Subject | None, event: AnyEvent, now: datetime) -> Decision[Subject] | None:
    if isinstance(event.data, AlertFired):
        return fire(state, cast("Event[AlertFired]", event), CHARTER, EMPTY, now)
    return resolve(state, cast("Event[AlertResolved]", event), now)


def live(
    reports: Sequence[Report], copies: Sequence[tuple[int, int]] = ()
) -> tuple[Subject, list[AnyEvent], list[datetime]]:
    """What is known and told in the end; `copies` of earlier reports arrive behind later ones."""
    state, emitted, now = Subject(), list[AnyEvent](), NOON
    moments = []
    for number, report in enumerate(reports):
        now += timedelta(seconds=report.pause)
        if state.next_clear is not None and state.next_clear <= now:
            quiet = clear_quiet(state, "db-1", state.next_clear)
            state, emitted = quiet.state, [*emitted, *quiet.events]
        again = [item for item, behind in copies if behind == number and item <= number]
        for which in (number, *again):
            outcome = step(state, event_of(which, reports[which]), now)
            if outcome is not None:
                state, emitted = outcome.state, [*emitted, *outcome.events]
        moments.append(now)
    return state, emitted, moments


def is_swallowed(reports: Sequence[Report], moments: Sequence[datetime]) -> bool:
    """An end with no beginning takes the first beginning that is older than itself with it."""
    capped = [min(item.time, now) for item, now in zip(reports, moments, strict=True)]
    ends = capped[:-1]
    return (
        bool(ends)
        and all(item.severity is None for item in reports[:-1])
        and capped[-1] < max(ends)
    )


@given(REPORTS)
def test_what_fired_last_is_open_and_at_least_as_bad_as_it_says(reports: list[Report]) -> None:
    state, _, moments = live(reports)
    if not reports or reports[-1].severity is None or is_swallowed(reports, moments):
        return
    (episode,) = state.episodes
    assert episode.severity.rank >= reports[-1].severity.rank


@given(REPORTS)
def test_episodes_begin_change_and_end_one_after_the_other(reports: list[Report]) -> None:
    state, emitted, _ = live(reports)
    opened, severity, seen = "", Severity.INFO, set[str]()
    for item in emitted:
        data = item.data
        if isinstance(data, SignalRaised):
            assert not opened
            assert data.episode not in seen
            opened, severity = data.episode, data.severity
            seen.add(opened)
        elif isinstance(data, SignalSeverityChanged):
            assert (data.episode, data.previous) == (opened, severity)
            assert data.severity is not severity
            severity = data.severity
        else:
            assert isinstance(data, SignalCleared)
            assert data.episode == opened
            opened = ""
    assert [item.id for item in state.episodes] == ([opened] if opened else [])
    assert all(item.severity is severity for item in state.episodes)
    assert len({item.id for item in emitted}) == len(emitted)


@given(REPORTS, COPIES)
def test_copies_change_nothing_wherever_they_come(
    reports: list[Report], copies: list[tuple[int, int]]
) -> None:
    state, emitted, _ = live(reports)
    with_copies = live(reports, copies)
    assert [item.id for item in with_copies[1]] == [entry.id for entry in emitted]
    assert with_copies[0] == state


@given(REPORTS)
def test_an_alert_that_ended_now_is_cleared_once_it_is_quiet(reports: list[Report]) -> None:
    state, _, moments = live(reports)
    now = (moments[-1] if moments else NOON) + timedelta(seconds=1)
    outcome = step(state, event_of(99, Report(None, now, 0)), now)
    state = outcome.state if outcome else state
    for _ in range(3):
        if state.next_clear is not None:
            state = clear_quiet(state, "db-1", state.next_clear).state
    assert state.episodes == ()
    assert state.next_clear is None
