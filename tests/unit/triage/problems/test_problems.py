"""Many like tickets are one problem, told once; it ends by cured signals or by a person's word."""

from datetime import timedelta

import pytest
from desk_contracts import Codec, Event
from desk_contracts.errors import NotFound
from desk_contracts.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.tickets import Kind
from desk_contracts.events.triage import DuplicateFound
from desk_contracts.message import verbatim
from desk_contracts.value_types import Severity, SubjectKind
from desk_triage.changes.snapshot import EMPTY
from desk_triage.problems.decide import add_signal, add_ticket, end_by_member, remove_signal
from desk_triage.problems.events import describe_problem, describe_resolution
from desk_triage.problems.model import IncidentCluster, Problem

from tests.support.spoken import english
from tests.support.triage_desk import CHARTER, MONDAY, TriageDesk, at, event, opened, vpn_failures

NEEDED = CHARTER.routing.problems.min_tickets
QUIET = CHARTER.routing.problems.quiet


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
