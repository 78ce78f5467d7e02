"""What is told of a solution each time has an id of its own, or readers would take it as heard."""

from collections.abc import Callable

from desk_metrics.sla.worktime import DAY
from desk_metrics.solutions.decide import LASTS, judge
from desk_metrics.solutions.model import Solution, SolutionNotes

START = 20_000 * DAY


def tell(*moments: Callable[[Solution], Solution]) -> list[str]:
    """The ids of what is told, while the solution is seen in these ways one after the other."""
    notes, ids = SolutionNotes(), list[str]()
    for number, change in enumerate(moments):
        solution = change(Solution(2, START))
        judgement = judge("ticket-1", [solution], notes, START + LASTS + number)
        notes = judgement.notes
        ids += [event.id for event in judgement.events]
    return ids


def asked_again(solution: Solution) -> Solution:
    return solution._replace(returned_at=solution.at + DAY, again="ticket-2")


def stayed(solution: Solution) -> Solution:
    return solution


def test_a_solution_that_returns_twice_for_one_ticket_is_told_twice() -> None:
    ids = tell(asked_again, stayed, asked_again, stayed, asked_again)
    assert len(ids) == 5
    assert len(set(ids)) == 5


def test_what_stays_as_it_was_is_told_once() -> None:
    assert len(tell(asked_again, asked_again, asked_again)) == 1
    assert len(tell(stayed, stayed)) == 1
