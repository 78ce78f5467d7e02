"""What people say about problems: that it is one, or none, and what belongs to it."""

from datetime import timedelta

import pytest
from desk_contracts.errors import NotFound
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemResolved,
    ProblemStatus,
    ProblemUpdated,
)
from desk_triage.problems.owner import (
    confirm_problem,
    merge_problems,
    reject_problem,
    remove_tickets,
    split_problem,
)

from tests.support.triage_desk import MONDAY
from tests.support.triage_problems import PlayedRegister, ordinary, outage, report

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
    detected = played.of(ProblemDetected)[-1]
    assert detected.subject == other.id != first
    played.take(merge_problems(played.register, other.id, first, NOW, played.desk))
    (whole,) = played.problems
    assert whole.id == first
    assert {ticket for ticket, _ in whole.members} == {f"out-{n}" for n in range(6)}
    (over,) = played.of(ProblemResolved)
    assert over.subject == other.id
    assert isinstance(over.data, ProblemResolved)
    assert over.data.is_solved is False


def test_what_is_not_there_is_not_found(played: PlayedRegister) -> None:
    problem = played.problems[0].id
    with pytest.raises(NotFound):
        confirm_problem(played.register, "nothing", "eva", NOW, played.desk)
    with pytest.raises(NotFound):
        remove_tickets(played.register, problem, ["past-1"], NOW, played.desk)
    with pytest.raises(NotFound):
        merge_problems(played.register, problem, "nothing", NOW, played.desk)
    with pytest.raises(NotFound):
        confirm_problem(None, problem, "eva", NOW, played.desk)
