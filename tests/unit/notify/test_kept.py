"""How much notify keeps of a ticket and of a person: the latest, never all."""

from collections.abc import Callable

import pytest
from desk_contracts.events.problems import ProblemDetected, ProblemResolved
from desk_contracts.events.tickets import LinkKind, TicketReopened
from desk_contracts.message import verbatim
from desk_notify.rules.model import Person
from desk_notify.rules.people import react

from tests.support.notify_desk import ANA, Story, directory, event, opened
from tests.support.notify_silence import LINKED, assigned, breached, over, problem


@pytest.mark.parametrize("kind", [problem, over], ids=["begun", "over"])
def test_a_person_remembers_the_last_fifty_problems(
    kind: Callable[[str], ProblemDetected | ProblemResolved],
) -> None:
    """Not all of them for ever; the oldest are forgotten first."""
    person, people = Person(), directory()
    for number in range(53):
        decided = react(person, ANA, event(kind(ANA), f"p-{number}"), people)
        assert decided is not None
        person = decided[0]
    kept = person.problems if kind is problem else person.problems_over
    assert kept == tuple(f"p-{number}" for number in range(3, 53))


def test_a_ticket_remembers_the_last_eight_facts_and_problems() -> None:
    story, cycles = assigned(), assigned()
    for number in range(11):
        signal = LINKED.model_copy(
            update={"kind": LinkKind.SIGNAL, "message": verbatim(f"{number}")}
        )
        story.ticket_sees(signal)
        story.ticket_hears(over(), f"p-{number}")
        link = LINKED.model_copy(update={"target": f"p-{number}"})
        cycles.ticket_sees(link, TicketReopened(by=ANA, reason="No."))
    last = [str(number) for number in range(3, 11)]
    assert story.ticket is not None
    assert cycles.ticket is not None
    assert list(story.ticket.evidence) == [verbatim(number) for number in last]
    assert list(story.ticket.problems_over) == [f"p-{number}" for number in last]
    assert list(cycles.ticket.problems_over) == [f"p-{number}" for number in last]


def test_a_ticket_remembers_four_hundred_warnings_of_slas() -> None:
    """The latest: an early one waits for its ticket, a told one may have to be taken back."""
    early, story = Story(), assigned()
    for number in range(403):
        late = breached().model_copy(update={"cycle": number})
        early.ticket_sees(late)
        story.ticket_sees(late)
    last = list(range(3, 403))
    assert early.ticket is not None
    assert story.ticket is not None
    assert [item.fact.cycle for item in early.ticket.early] == last
    assert [int(item.sla.split("/")[-2]) for item in story.ticket.slas_reported] == last


@pytest.mark.parametrize("ended", ["p-0", "p-1", "p-2"])
def test_only_the_end_of_its_own_problem_ends_it_for_a_ticket(ended: str) -> None:
    story = Story()
    story.ticket_sees(opened(), LINKED)
    story.ticket_hears(over(), ended)
    assert story.ticket is not None
    assert story.ticket.problem == ("" if ended == "p-1" else "p-1")
    assert story.ticket.problems_over == (ended,)
