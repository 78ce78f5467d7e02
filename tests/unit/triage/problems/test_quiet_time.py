"""A problem is over one quiet time after the last that was heard of it, by time or by arrival."""

from datetime import datetime

import pytest
from desk_contracts import Event
from desk_contracts.events.signals import SignalCleared
from desk_contracts.message import verbatim
from desk_triage.changes.snapshot import EMPTY
from desk_triage.problems.decide import add_ticket, remove_signal
from desk_triage.problems.model import Evidence, IncidentCluster, Problem

from tests.support.triage_desk import CHARTER, at, event, opened

QUIET = CHARTER.routing.problems.quiet


def cluster_until(until: datetime, *, signals: int = 1) -> IncidentCluster:
    problem = Problem(
        id="p",
        title=verbatim("Trouble"),
        team="network",
        message=verbatim("Known."),
        first_at=at(0),
        last_at=at(1),
        quiet_until=until,
        members=(("t1", "p1"),),
        has_signal=True,
    )
    evidence = tuple(Evidence(episode=f"e-{n}", title="Fails") for n in range(1, signals + 1))
    return IncidentCluster(service="vpn", category="vpn", signals=evidence, problem=problem)


@pytest.mark.parametrize(
    ("time", "now", "before", "after"),
    [
        (5, 5, at(2), at(5) + QUIET),
        (5, 9, at(2), at(9) + QUIET),
        (9, 5, at(2), at(9) + QUIET),
        (5, 9, at(9) + QUIET + QUIET, at(9) + QUIET + QUIET),
    ],
)
def test_the_last_clear_begins_the_quiet_time_and_never_shortens_it(
    time: float, now: float, before: datetime, after: datetime
) -> None:
    cleared: Event[SignalCleared] = event(  # type: ignore[assignment]
        "gateway", SignalCleared(episode="e-1", detector="d", signal="s", value=0), time
    )
    decision = remove_signal(cluster_until(before), cleared, CHARTER, at(now))
    assert decision is not None
    assert decision.state.problem is not None
    assert decision.state.problem.quiet_until == decision.state.ends_at == after
    still = remove_signal(cluster_until(before, signals=2), cleared, CHARTER, at(now))
    assert still is not None
    assert still.state.ends_at is None


@pytest.mark.parametrize(
    ("reported", "now", "before", "after"),
    [
        (5, 5, at(2), at(5) + QUIET),
        (5, 9, at(2), at(9) + QUIET),
        (5, 9, at(9) + QUIET + QUIET, at(9) + QUIET + QUIET),
    ],
)
def test_a_report_prolongs_the_quiet_time_and_never_shortens_it(
    reported: float, now: float, before: datetime, after: datetime
) -> None:
    ticket = opened("VPN does not connect", reported, person="late")
    decision = add_ticket(
        "vpn/vpn", cluster_until(before, signals=0), ticket, CHARTER, EMPTY, at(now)
    )
    assert decision is not None
    assert decision.state.problem is not None
    assert decision.state.problem.quiet_until == after
