"""Many like tickets are one problem, told once; it ends by cured signals or by a person's word."""

from datetime import timedelta

import pytest
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.errors import NotFound
from desk_contracts.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.tickets import Kind
from desk_contracts.events.triage import DuplicateFound
from desk_contracts.message import verbatim
from desk_contracts.value_types import Severity, SubjectKind
from desk_triage.changes.snapshot import EMPTY
from desk_triage.problems.decide import (
    add_signal,
    add_ticket,
    end_by_member,
    end_if_quiet,
    remove_signal,
)
from desk_triage.problems.events import describe_problem, describe_resolution
from desk_triage.problems.model import IncidentCluster, Problem, Report

from tests.support.spoken import english
from tests.support.triage_desk import CHARTER, MONDAY, TriageDesk, at, event, opened, vpn_failures

NEEDED = CHARTER.routing.problems.min_tickets
QUIET, WINDOW = CHARTER.routing.problems.quiet, CHARTER.routing.problems.window


async def report(desk: TriageDesk, number: int, minutes: float, person: str = "") -> str:
    ticket = opened("VPN does not connect", minutes, person=person or f"person-{number}")
    await desk.feed(ticket)
    return ticket.subject


async def crowd(desk: TriageDesk, count: int, start: float = 0) -> list[str]:
    return [await report(desk, number, start + number * 0.1) for number in range(count)]


def listed(desk: TriageDesk) -> list[str]:
    data = [item.data for item in desk.emitted(ProblemDetected) + desk.emitted(ProblemUpdated)]
    result = [item for item in data if isinstance(item, ProblemDetected | ProblemUpdated)]
    return [ticket for item in result for ticket in item.tickets]


async def test_twenty_tickets_are_one_problem_and_the_later_ones_are_linked() -> None:
    desk = TriageDesk()
    tickets = await crowd(desk, 20)
    (detected,) = desk.emitted(ProblemDetected)
    assert isinstance(detected.data, ProblemDetected)
    assert detected.data.tickets == tuple(tickets[:NEEDED])
    assert detected.data.team == "network"
    assert "you do not need to report it again" in english(detected.data.message).lower()
    assert listed(desk) == tickets
    assert [item.subject for item in desk.emitted(DuplicateFound)] == tickets[NEEDED:]
    (shown,) = await desk.clusters.find({"open": True})
    assert shown.id == "vpn/vpn"


async def test_those_who_come_together_are_told_of_together() -> None:
    desk = TriageDesk()
    founders = await crowd(desk, NEEDED)
    later = [opened("VPN does not connect", 1, person=f"late-{number}") for number in range(40)]
    await desk.feed(*later)
    (update,) = desk.emitted(ProblemUpdated)
    assert isinstance(update.data, ProblemUpdated)
    assert update.data.people == tuple(f"late-{number}" for number in range(40))
    assert listed(desk) == founders + [item.subject for item in later]
    assert len(desk.emitted(DuplicateFound)) == 40


async def test_who_joined_before_a_known_ticket_is_told_of_by_the_timer() -> None:
    """The last of a batch tells for all; here it was handled before and says nothing."""
    desk = TriageDesk()
    await crowd(desk, NEEDED)
    remembered, fresh = (opened("VPN does not connect", 1, person=name) for name in ("ben", "cleo"))
    await desk.feed(remembered)
    await desk.feed(fresh, remembered)
    assert fresh.subject not in listed(desk)
    ((_, id),) = await desk.clusters.due(desk.clock.now(), 5)
    await desk.on_timer(desk.clusters_unit_of_work, id)
    assert listed(desk)[-2:] == [remembered.subject, fresh.subject]
    assert await desk.clusters.due(desk.clock.now(), 5) == []


async def test_one_person_who_calls_often_is_no_problem_of_many() -> None:
    desk = TriageDesk()
    for number in range(20):
        await report(desk, number, number * 0.1, person="ana")
    assert desk.emitted(ProblemDetected) == []


async def test_tickets_far_apart_or_of_other_kinds_are_not_one_problem() -> None:
    desk = TriageDesk()
    for number in range(20):
        await report(desk, number, number * 10)
        question = opened(
            "How does the VPN work", number * 0.1, kind=Kind.QUESTION, person=f"{number}"
        )
        await desk.feed(question)
    assert desk.emitted(ProblemDetected) == []


async def test_a_signal_of_the_service_makes_two_people_enough() -> None:
    desk = TriageDesk()
    await report(desk, 1, 0)
    await report(desk, 2, 0.1)
    assert desk.emitted(ProblemDetected) == []
    await desk.feed(vpn_failures(0.5, 0.2), vpn_failures(0.5, 1))
    (detected,) = desk.emitted(ProblemDetected)
    assert isinstance(detected.data, ProblemDetected)
    assert len(detected.data.signals) == 1
    assert any(
        "The service itself shows it" in english(reason) for reason in detected.data.explanation
    )


async def test_it_ends_when_the_signal_has_cleared_and_it_stays_quiet() -> None:
    desk = TriageDesk()
    await desk.feed(vpn_failures(0.5, 0), vpn_failures(0.5, 1))
    tickets = await crowd(desk, 5, start=1)
    assert await desk.clusters.due(at(10_000), 5) == []
    await desk.feed(vpn_failures(0.01, 5))
    last = await report(desk, 99, 6)
    ((due, id),) = await desk.clusters.due(at(10_000), 5)
    assert due == at(6) + QUIET
    await desk.on_timer(desk.clusters_unit_of_work, id)
    assert desk.emitted(ProblemResolved) == []
    desk.clock.advance(due - desk.clock.now())
    await desk.on_timer(desk.clusters_unit_of_work, id)
    (end,) = desk.emitted(ProblemResolved)
    assert isinstance(end.data, ProblemResolved)
    assert end.data.tickets == (*tickets, last)
    assert await desk.clusters.find({"open": True}) == []


async def test_silence_alone_is_no_cure() -> None:
    desk = TriageDesk()
    await crowd(desk, NEEDED)
    assert await desk.clusters.due(at(10_000), 5) == []


async def test_in_a_replay_the_next_outage_is_another_problem() -> None:
    desk = TriageDesk()
    await desk.feed(vpn_failures(0.5, 0), vpn_failures(0.5, 1))
    await crowd(desk, 3, start=1)
    await desk.feed(vpn_failures(0.01, 5))
    await crowd(desk, NEEDED, start=600)
    assert len(desk.emitted(ProblemDetected)) == 2
    assert len(desk.emitted(ProblemResolved)) == 1


def test_what_is_told_again_after_many_others_joins_nothing_and_begins_nothing() -> None:
    crowd = [opened("VPN", number * 0.01, person=f"p{number}") for number in range(100)]
    cluster: IncidentCluster | None = None
    for item in crowd:
        outcome = add_ticket("vpn/vpn", cluster, item, CHARTER, EMPTY, MONDAY)
        assert outcome is not None
        cluster = outcome.state
    assert cluster is not None
    assert cluster.problem is not None
    for item in crowd:
        assert add_ticket("vpn/vpn", cluster, item, CHARTER, EMPTY, MONDAY) is None
    ended = end_by_member(cluster, cluster.problem.id, "mia", "", at(30)).state
    for item in crowd:
        assert add_ticket("vpn/vpn", ended, item, CHARTER, EMPTY, at(30)) is None


async def test_a_ticket_told_again_after_eighty_others_is_counted_once() -> None:
    desk = TriageDesk()
    tickets = [opened("VPN does not connect", 0.01 * n, person=f"p{n}") for n in range(80)]
    for item in tickets:
        await desk.feed(item)
    emitted = len(desk.publisher.messages)
    await desk.feed(tickets[0])
    await desk.feed(tickets[5])
    assert len(desk.publisher.messages) == emitted


async def test_a_member_ends_it_once() -> None:
    desk = TriageDesk()
    await crowd(desk, NEEDED)
    (stored,) = await desk.clusters.find({"open": True})
    cluster = stored.state
    assert cluster is not None
    assert cluster.problem is not None
    ended = end_by_member(cluster, cluster.problem.id, "mia", "Renewed.", at(30))
    (end,) = ended.events
    assert isinstance(end.data, ProblemResolved)
    assert end.data.resolution == verbatim("Renewed.")
    for gone in (ended.state, None):
        with pytest.raises(NotFound):
            end_by_member(gone, cluster.problem.id, "mia", "", at(31))


def test_a_ticket_from_long_before_an_open_problem_is_none_of_it() -> None:
    desk_state: IncidentCluster | None = None
    for number in range(NEEDED):
        event = opened("VPN", 60 + number * 0.1, person=f"{number}")
        outcome = add_ticket("vpn/vpn", desk_state, event, CHARTER, EMPTY, MONDAY)
        assert outcome is not None
        desk_state = outcome.state
    assert desk_state is not None
    problem = desk_state.problem
    late = add_ticket("vpn/vpn", desk_state, opened("VPN", 0), CHARTER, EMPTY, MONDAY)
    assert late is not None
    assert late.state.problem == problem
    assert late.events == ()


def test_events_stay_small_and_name_everybody_once() -> None:
    members = tuple((f"ticket-{n:036}", f"person-{n:0180}") for n in range(3_000))
    problem = Problem(
        id="p",
        title=verbatim("Trouble"),
        team="network",
        message=verbatim("m" * 20_000),
        first_at=MONDAY,
        last_at=MONDAY + timedelta(minutes=1),
        quiet_until=MONDAY,
        members=members,
    )
    cluster = IncidentCluster(service="vpn", category="vpn")
    ends = describe_resolution(cluster, problem, MONDAY, verbatim("x" * 5_000))
    starts = describe_problem(opened("VPN"), cluster, problem, [], CHARTER)
    for events in (ends, starts):
        assert all(Codec().encode(item) for item in events)
        assert len({entry.id for entry in events}) == len(events)
        tickets = [t for item in events for t in getattr(item.data, "tickets", ())]
        people = [p for item in events for p in getattr(item.data, "people", ())]
        assert tickets == [ticket for ticket, _ in members]
        assert people == [person for _, person in members]


async def test_a_signal_that_comes_after_the_problem_lets_its_clear_end_it() -> None:
    desk = TriageDesk()
    await crowd(desk, NEEDED)
    assert await desk.clusters.due(at(10_000), 5) == []
    await desk.feed(vpn_failures(0.5, 2), vpn_failures(0.5, 3))
    (shown,) = await desk.clusters.find({"open": True})
    assert shown.state is not None
    assert shown.state.problem is not None
    assert len(shown.state.problem.signals) == 1
    assert shown.state.ends_at is None
    await desk.feed(vpn_failures(0.01, 8))
    ((due, _),) = await desk.clusters.due(at(10_000), 5)
    assert due == at(8) + QUIET


def test_the_same_signal_twice_and_a_clear_of_another_change_nothing() -> None:
    raised = SignalRaised(
        episode="e-1",
        detector="d",
        signal="vpn-failing",
        title="VPN fails",
        severity=Severity.CRITICAL,
        subject_kind=SubjectKind.SERVICE,
        measurement="m",
        value=1,
        threshold=0,
        service="vpn",
    )
    other = SignalCleared(episode="e-2", detector="d", signal="vpn-failing", value=0)
    seen: Event[SignalRaised] = event("gateway", raised)  # type: ignore[assignment]
    gone: Event[SignalCleared] = event("gateway", other)  # type: ignore[assignment]
    first = add_signal("vpn/vpn", None, seen, CHARTER, EMPTY, MONDAY)
    assert first is not None
    again = add_signal("vpn/vpn", first.state, seen, CHARTER, EMPTY, MONDAY)
    assert again is None
    assert remove_signal(first.state, gone, CHARTER, MONDAY) is None


def test_a_person_who_called_twice_counts_until_both_calls_are_old() -> None:
    """At minute 16.2 the second call of ana has left the window, so four people are left."""
    calls = [(0, "ana"), (1, "ana"), (2, "ben"), (14, "cem"), (15.5, "dora"), (16.2, "eva")]
    state: IncidentCluster | None = None
    emitted = []
    for minute, person in calls:
        outcome = add_ticket(
            "vpn/vpn", state, opened("VPN", minute, person=person), CHARTER, EMPTY, MONDAY
        )
        assert outcome is not None
        state = outcome.state
        emitted.append(len(outcome.events))
    assert emitted == [0] * 6
    fifth = opened("VPN", 16.4, person="finn")
    outcome = add_ticket("vpn/vpn", state, fifth, CHARTER, EMPTY, MONDAY)
    assert outcome is not None
    assert outcome.state.problem is not None
    assert outcome.state.problem.people == ("ana", "ben", "cem", "dora", "eva", "finn")


async def test_one_person_who_asks_in_five_spellings_is_no_crowd() -> None:
    desk = TriageDesk()
    for number, name in enumerate(("ivy@c.example", "Ivy@c.example", "IVY@C.EXAMPLE") * NEEDED):
        await report(desk, number, number * 0.1, person=name)
    assert desk.emitted(ProblemDetected) == []


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
