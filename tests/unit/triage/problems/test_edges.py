"""A problem at its edges: who still belongs to it, what is kept of it, when it is over."""

from datetime import timedelta

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.events.problems import ProblemDetected, ProblemResolved
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.triage import DuplicateFound
from desk_contracts.message import verbatim
from desk_contracts.value_types import Severity, SubjectKind
from desk_triage.changes.snapshot import EMPTY
from desk_triage.problems.decide import add_signal, add_ticket, end_if_quiet
from desk_triage.problems.model import IncidentCluster, Problem, Report

from tests.support.triage_desk import CHARTER, MONDAY, at, event, opened

QUIET, WINDOW = CHARTER.routing.problems.quiet, CHARTER.routing.problems.window


def test_a_crowd_is_one_problem_up_to_the_very_end_of_the_window() -> None:
    minutes = WINDOW.total_seconds() / 60
    for last, is_problem in ((minutes, True), (minutes + 0.01, False)):
        moments = [0, 1, 2, 3, last]
        state: IncidentCluster | None = None
        for number, moment in enumerate(moments):
            item = opened("VPN", moment, person=f"p{number}")
            outcome = add_ticket("vpn/vpn", state, item, CHARTER, EMPTY, MONDAY)
            assert outcome is not None
            state = outcome.state
        assert state is not None
        assert (state.problem is not None) is is_problem
        # Late ones still find their like: two windows are kept.
        assert len(state.reports) == (0 if is_problem else 5)


@pytest.mark.parametrize(("apart", "kept"), [(2.0, 2), (2.001, 1)])
def test_reports_of_two_windows_are_kept(apart: float, kept: int) -> None:
    minutes = WINDOW.total_seconds() / 60
    first = add_ticket("vpn/vpn", None, opened("VPN", 0), CHARTER, EMPTY, MONDAY)
    assert first is not None
    later = opened("VPN", apart * minutes, person="ben")
    second = add_ticket("vpn/vpn", first.state, later, CHARTER, EMPTY, MONDAY)
    assert second is not None
    assert len(second.state.reports) == kept


def test_the_newest_five_hundred_reports_of_one_person_are_kept() -> None:
    reports = tuple(Report(ticket=f"t{n}", person="ana", at=at(n * 0.01)) for n in range(500))
    cluster = IncidentCluster(service="vpn", category="vpn", reports=reports[:499])
    item = opened("VPN", 5, ticket="t-more", person="ana")
    outcome = add_ticket("vpn/vpn", cluster, item, CHARTER, EMPTY, MONDAY)
    assert outcome is not None
    assert len(outcome.state.reports) == 500
    full = cluster.model_copy(update={"reports": reports})
    outcome = add_ticket("vpn/vpn", full, item, CHARTER, EMPTY, MONDAY)
    assert outcome is not None
    assert [report.ticket for report in outcome.state.reports] == [
        *(f"t{n}" for n in range(1, 500)),
        "t-more",
    ]


def vpn_signal(number: int) -> Event[SignalRaised]:
    data = SignalRaised(
        episode=f"e-{number}",
        detector="d",
        signal="vpn-failing",
        title=f"VPN fails {number}",
        severity=Severity.CRITICAL,
        subject_kind=SubjectKind.SERVICE,
        measurement="m",
        value=1,
        threshold=0,
        service="vpn",
    )
    return event("gateway", data)  # type: ignore[return-value]


def test_a_problem_names_three_of_its_signals_and_knows_the_newest_fifty() -> None:
    state: IncidentCluster | None = None
    for number in range(60):
        outcome = add_signal("vpn/vpn", state, vpn_signal(number), CHARTER, EMPTY, MONDAY)
        assert outcome is not None
        state = outcome.state
    assert state is not None
    assert [evidence.episode for evidence in state.signals] == [f"e-{n}" for n in range(10, 60)]
    emitted: list[AnyEvent] = []
    for number in range(2):
        item = opened("VPN", number, person=f"p{number}")
        outcome = add_ticket("vpn/vpn", state, item, CHARTER, EMPTY, MONDAY)
        assert outcome is not None
        state = outcome.state
        emitted += outcome.events
    (detected,) = emitted
    assert isinstance(detected.data, ProblemDetected)
    codes = [reason.code for reason in detected.data.explanation]
    assert codes == ["problem.like-tickets", *["problem.signal"] * 3]
    assert state.problem is not None
    assert len(state.problem.signals) == 50
    # One that comes while the problem is open is one of it; of those too the newest are kept.
    outcome = add_signal("vpn/vpn", state, vpn_signal(60), CHARTER, EMPTY, MONDAY)
    assert outcome is not None
    assert outcome.state.problem is not None
    assert outcome.state.problem.signals[-1] == "e-60"
    assert len(outcome.state.problem.signals) == len(outcome.state.signals) == 50


def open_problem(members: int) -> IncidentCluster:
    """Open since noon; the newest was asked for a minute later."""
    problem = Problem(
        id="p",
        title=verbatim("Trouble"),
        team="network",
        message=verbatim("Known."),
        first_at=at(60),
        last_at=at(61),
        quiet_until=at(61) + QUIET,
        members=tuple((f"t{number}", f"p{number}") for number in range(members)),
    )
    return IncidentCluster(service="vpn", category="vpn", problem=problem)


@pytest.mark.parametrize(("members", "listed"), [(19_999, True), (20_000, False)])
def test_beyond_the_most_members_one_is_counted_and_linked_but_not_listed(
    members: int, *, listed: bool
) -> None:
    outcome = add_ticket(
        "vpn/vpn", open_problem(members), opened("VPN", 62, person="last"), CHARTER, EMPTY, MONDAY
    )
    assert outcome is not None
    problem = outcome.state.problem
    assert problem is not None
    assert (len(problem.members), problem.unlisted) == (20_000, 0 if listed else 1)
    assert problem.tickets == members + 1
    assert [person for _, person in problem.joining] == ["last"]
    assert [type(item.data) for item in outcome.events] == [DuplicateFound]


@pytest.mark.parametrize(("before", "joins"), [(1.0, True), (1.001, False)])
def test_a_late_ticket_joins_if_it_was_asked_for_at_most_a_window_before(
    before: float, *, joins: bool
) -> None:
    minutes = 60 - before * WINDOW.total_seconds() / 60
    late = opened("VPN", minutes, person="late")
    outcome = add_ticket("vpn/vpn", open_problem(5), late, CHARTER, EMPTY, MONDAY)
    assert outcome is not None
    problem = outcome.state.problem
    assert problem is not None
    assert (len(problem.members) == 6) is joins
    assert (problem.first_at, problem.last_at) == (at(minutes) if joins else at(60), at(61))


@pytest.mark.parametrize(("after", "count"), [(timedelta(0), 0), (timedelta(seconds=1), 1)])
def test_a_quiet_problem_ends_before_a_ticket_of_later_is_looked_at(
    after: timedelta, count: int
) -> None:
    cluster = open_problem(5)
    assert cluster.problem is not None
    quiet = cluster.model_copy(
        update={"problem": cluster.problem.model_copy(update={"has_signal": True})}
    )
    later = (at(61) + QUIET + after - MONDAY).total_seconds() / 60
    item = opened("VPN", later, person="late")
    outcome = add_ticket("vpn/vpn", quiet, item, CHARTER, EMPTY, MONDAY)
    assert outcome is not None
    ends = [item for item in outcome.events if isinstance(item.data, ProblemResolved)]
    assert len(ends) == count
    assert [end.time for end in ends] == [at(61) + QUIET] * count
    assert (outcome.state.problem is None) is bool(count)


@pytest.mark.parametrize(("early", "ends"), [(timedelta(0), True), (timedelta(seconds=1), False)])
def test_its_timer_ends_it_at_its_time_and_no_sooner(early: timedelta, *, ends: bool) -> None:
    cluster = open_problem(5)
    assert cluster.problem is not None
    quiet = cluster.model_copy(
        update={"problem": cluster.problem.model_copy(update={"has_signal": True})}
    )
    assert quiet.ends_at == at(61) + QUIET
    decision = end_if_quiet(quiet, at(61) + QUIET - early)
    assert (decision.state.problem is None) is ends
    assert end_if_quiet(cluster, at(600)).state == cluster
