"""What people say about problems: that it is one, or none, and what belongs to it."""

from datetime import timedelta

import pytest
from desk_contracts import AnyEvent
from desk_contracts.errors import NotFound, Rejected
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemEnd,
    ProblemResolved,
    ProblemStatus,
    ProblemUpdated,
)
from desk_triage.changes.snapshot import EMPTY
from desk_triage.problems.counting import Counts
from desk_triage.problems.decide import add_report
from desk_triage.problems.joining import Desk
from desk_triage.problems.members import Members
from desk_triage.problems.model import MAX_MEMBERS, ProblemRegister
from desk_triage.problems.owner import (
    confirm_problem,
    merge_problems,
    reject_problem,
    remove_tickets,
    resolve_problem,
    split_problem,
)

from tests.support.triage_desk import CHARTER, MONDAY
from tests.support.triage_problems import VPN, PlayedRegister, ordinary, outage, report

NOW = MONDAY + timedelta(minutes=6)


@pytest.fixture
def played() -> PlayedRegister:
    return PlayedRegister().play([*ordinary(), *outage(6)])


def test_who_confirms_it_is_named_and_it_is_said_once(played: PlayedRegister) -> None:
    problem = played.problems[0].id
    for _ in range(2):
        played.take(confirm_problem(played.register, problem, "eva", NOW, played.desk))
    (confirmed,) = played.of(ProblemConfirmed)
    assert isinstance(confirmed.data, ProblemConfirmed)
    assert (confirmed.data.by, confirmed.data.message.code) == ("eva", "problem.known")
    assert len(confirmed.data.people) == 6


def test_a_rejected_one_is_over_and_its_tickets_stay(played: PlayedRegister) -> None:
    played.take(reject_problem(played.register, played.problems[0].id, "eva", NOW, played.desk))
    (over,) = played.of(ProblemResolved)
    assert isinstance(over.data, ProblemResolved)
    assert over.data.is_solved is False
    assert over.data.end is ProblemEnd.REJECTED
    assert over.data.status is ProblemStatus.PROPOSED
    assert played.problems == ()


def test_what_was_taken_out_does_not_join_again(played: PlayedRegister) -> None:
    problem = played.problems[0].id
    played.take(remove_tickets(played.register, problem, ["out-0", "other"], NOW, played.desk))
    removed = played.of(ProblemUpdated)[-1].data
    assert isinstance(removed, ProblemUpdated)
    assert removed.removed == ("out-0",)
    played.play([report("out-0", "out-p0", 6.5, "VPN tunnel drops after login", "vpn")])
    assert "out-0" not in dict(played.problems[0].members)


def test_a_split_makes_two_and_a_merge_makes_one_again(played: PlayedRegister) -> None:
    first = played.problems[0].id
    played.take(split_problem(played.register, first, ["out-4", "out-5"], NOW, played.desk))
    first_one, other = played.problems
    assert (first_one.tickets, other.tickets) == (4, 2)
    # Who stays does not join the other by their words alone.
    assert set(other.removed) == {f"out-{number}" for number in range(4)}
    detected = played.of(ProblemDetected)[-1]
    assert detected.subject == other.id != first
    played.take(merge_problems(played.register, other.id, first, "eva", NOW, played.desk))
    (whole,) = played.problems
    assert whole.id == first
    assert {ticket for ticket, _ in whole.members} == {f"out-{n}" for n in range(6)}
    (over,) = played.of(ProblemResolved)
    assert over.subject == other.id
    assert isinstance(over.data, ProblemResolved)
    assert (over.data.is_solved, over.data.end) == (False, ProblemEnd.MERGED)
    assert over.data.merged_into == first
    assert whole.removed == ()


def test_who_is_in_a_proposed_one_that_is_solved_is_told(played: PlayedRegister) -> None:
    """Their tickets are solved with it, so silence would be all that they get."""
    problem = played.problems[0].id
    played.take(resolve_problem(played.register, problem, "eva", "", NOW, played.desk))
    (over,) = played.of(ProblemResolved)
    assert isinstance(over.data, ProblemResolved)
    assert (over.data.status, over.data.end) == (ProblemStatus.CONFIRMED, ProblemEnd.SOLVED)
    assert len(over.data.people) == 6


def test_what_a_confirmed_one_is_merged_into_is_confirmed(played: PlayedRegister) -> None:
    """Its people were promised to hear of the end; of a proposed one they would not."""
    first = played.problems[0].id
    played.take(split_problem(played.register, first, ["out-4", "out-5"], NOW, played.desk))
    other = played.problems[1].id
    played.take(confirm_problem(played.register, other, "eva", NOW, played.desk))
    played.take(merge_problems(played.register, other, first, "ali", NOW, played.desk))
    (whole,) = played.problems
    assert (whole.id, whole.status) == (first, ProblemStatus.CONFIRMED)
    confirmed = played.of(ProblemConfirmed)[-1].data
    assert isinstance(confirmed, ProblemConfirmed)
    assert (confirmed.by, len(confirmed.people)) == ("ali", 6)


def test_a_merge_counts_whom_no_event_lists_and_keeps_what_they_say(
    played: PlayedRegister,
) -> None:
    first = played.problems[0].id
    played.take(split_problem(played.register, first, ["out-4", "out-5"], NOW, played.desk))
    register = played.register
    assert register is not None
    first_problem, other = register.problems
    many = tuple((f"t{n}", f"p{n}") for n in range(MAX_MEMBERS))
    large = first_problem.model_copy(update={"members": Members(many), "unlisted": 3})
    other = other.model_copy(update={"unlisted": 4, "worded_by": 2, "wording": {7: 2}})
    register = register.model_copy(update={"problems": (large, other)})
    played.take(merge_problems(register, other.id, first, "eva", NOW, played.desk))
    (whole,) = played.problems
    assert len(whole.members) == MAX_MEMBERS
    assert whole.tickets == large.tickets + other.tickets
    assert whole.worded_by == large.worded_by + 2
    assert whole.wording[7] == large.wording.get(7, 0) + 2


def _with_joining(played: PlayedRegister) -> ProblemRegister:
    """As it lies in the store between two parts of a batch: one joined, and no event says so."""
    late = report("late", "late-p", 5, VPN[0], "vpn")
    register = add_report(played.register, late, played.desk).state
    assert tuple(register.problems[0].joining) == (("late", "late-p"),)
    return register


def test_a_split_takes_nobody_along_who_is_just_joining(played: PlayedRegister) -> None:
    register = _with_joining(played)
    first = register.problems[0].id
    played.take(split_problem(register, first, ["out-4", "out-5"], NOW, played.desk))
    joined = [event.subject for event in played.of(ProblemUpdated) if _lists(event, "late")]
    assert joined == [first]


def test_who_is_just_joining_is_counted_once_when_it_is_confirmed(played: PlayedRegister) -> None:
    """Named as joining before it is confirmed: a reader adds up what comes after."""
    register = _with_joining(played)
    problem = register.problems[0].id
    played.take(confirm_problem(register, problem, "eva", NOW, played.desk))
    types = [type(event.data) for event in played.emitted if _lists(event, "late")]
    assert types == [ProblemUpdated, ProblemConfirmed]


def _lists(event: AnyEvent, ticket: str) -> bool:
    return ticket in getattr(event.data, "tickets", ())


def test_a_team_that_is_gone_stops_nobody_from_confirming(played: PlayedRegister) -> None:
    register = played.register
    assert register is not None
    gone = register.problems[0].model_copy(update={"team": "dissolved"})
    register = register.model_copy(update={"problems": (gone,)})
    desk = Desk(CHARTER, EMPTY, Counts())
    played.take(confirm_problem(register, gone.id, "eva", NOW, desk))
    (confirmed,) = played.of(ProblemConfirmed)
    assert isinstance(confirmed.data, ProblemConfirmed)
    assert confirmed.data.team == CHARTER.owner_of(gone.service).name
    assert played.problems[0].team == confirmed.data.team


def test_what_is_not_there_is_not_found(played: PlayedRegister) -> None:
    problem = played.problems[0].id
    with pytest.raises(NotFound):
        confirm_problem(played.register, "nothing", "eva", NOW, played.desk)
    with pytest.raises(NotFound):
        remove_tickets(played.register, problem, ["past-1"], NOW, played.desk)
    with pytest.raises(NotFound):
        merge_problems(played.register, problem, "nothing", "eva", NOW, played.desk)
    with pytest.raises(NotFound):
        confirm_problem(None, problem, "eva", NOW, played.desk)


def test_a_split_leaves_something_of_it(played: PlayedRegister) -> None:
    before = played.register
    whole = [f"out-{number}" for number in range(6)]
    with pytest.raises(Rejected) as refused:
        split_problem(before, played.problems[0].id, whole, NOW, played.desk)
    assert refused.value.kind == "split-whole"


def test_who_has_no_ticket_left_in_it_is_named_when_tickets_are_removed(
    played: PlayedRegister,
) -> None:
    problem = played.problems[0]
    (first, person), (second, _) = tuple(problem.members)[:2]
    both = problem.model_copy(update={"members": (*problem.members, ("t-more", person))})
    assert played.register is not None
    played.register = played.register.model_copy(update={"problems": (both,)})
    for ticket in (first, second):
        played.take(remove_tickets(played.register, problem.id, [ticket], NOW, played.desk))
    updates = [event.data for event in played.of(ProblemUpdated)]
    named = [data.removed_people for data in updates if isinstance(data, ProblemUpdated)]
    assert named[-2:] == [(), (problem.members[1][1],)]


def test_who_goes_with_a_split_is_in_the_other_problem_and_leaves_nothing(
    played: PlayedRegister,
) -> None:
    problem = played.problems[0]
    ticket = problem.members[0][0]
    played.take(split_problem(played.register, problem.id, [ticket], NOW, played.desk))
    (removed,) = [event.data for event in played.of(ProblemUpdated) if _removes(event)]
    assert isinstance(removed, ProblemUpdated)
    assert (removed.removed, removed.removed_people) == ((ticket,), ())


def _removes(event: AnyEvent) -> bool:
    return isinstance(event.data, ProblemUpdated) and bool(event.data.removed)
