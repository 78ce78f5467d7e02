"""What each resolution of a ticket came to: confirmed, verified, lasting or returned.

A solution lasted if within seven days its ticket was not reopened and its person did not ask again
about the same service or device. That is told when the seven days are over and everything of them
was read; what comes later than that takes it back.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.events.contributions import ContactRepeated
from desk_contracts.events.solutions import ReturnReason, SolutionLasted, SolutionReturned
from desk_contracts.events.tickets import How, TicketConfirmed, TicketResolved
from desk_contracts.ids import derive_id
from desk_kernel import Reducers

from desk_metrics.sla.decide import SOURCE
from desk_metrics.sla.facts import Fact, FactKind, in_order
from desk_metrics.sla.worktime import DAY, instant, micros
from desk_metrics.solutions.model import Confirmation, Repeat, Solution, SolutionNotes

LASTS = 7 * DAY
# What is over without that anything was solved.
_UNSOLVED = frozenset({How.WITHDRAWN, How.DENIED})
# Who asks again more often than that has long returned.
MAX_REPEATS = 50


# The notes with one more event.
note_solution: Reducers[SolutionNotes, [], SolutionNotes] = Reducers(lambda notes, _event: notes)


@note_solution.on(TicketResolved)
def _note_verification(notes: SolutionNotes, event: Event[TicketResolved]) -> SolutionNotes:
    number = event.sequence or 0
    if not event.data.verified_by or number in notes.verified:
        return notes
    return replace(notes, verified=(*notes.verified, number))


@note_solution.on(TicketConfirmed)
def _note_confirmation(notes: SolutionNotes, event: Event[TicketConfirmed]) -> SolutionNotes:
    number = event.data.resolution
    if any(item.resolution == number for item in notes.confirmed):
        return notes
    confirmation = Confirmation(number, micros(event.time))
    return replace(notes, confirmed=(*notes.confirmed, confirmation))


@note_solution.on(ContactRepeated)
def _note_repeat(notes: SolutionNotes, event: Event[ContactRepeated]) -> SolutionNotes:
    data = event.data
    others = [repeat for repeat in notes.repeats if repeat.ticket != data.again]
    if data.is_so:
        others.append(Repeat(micros(data.asked_at), data.again))
    return replace(notes, repeats=tuple(sorted(others)[:MAX_REPEATS]))


def list_solutions(facts: Sequence[Fact], notes: SolutionNotes, now: int) -> list[Solution]:
    """The resolutions of a ticket up to `now`, in the order in which they were made."""
    ordered = in_order(facts, now)
    if ordered is None:
        return []
    solutions = list[Solution]()
    confirmed = {item.resolution: item.at for item in notes.confirmed}
    for (at, number), fact in ordered[1]:
        if fact.kind is FactKind.RESOLVED and _UNSOLVED.isdisjoint(fact.values[:1]):
            is_verified = number in notes.verified
            solutions.append(Solution(number, at, confirmed.get(number), is_verified))
        elif fact.kind is FactKind.REOPENED and solutions and solutions[-1].reopened_at is None:
            last = solutions[-1]._replace(reopened_at=at)
            solutions[-1] = last._replace(returned_at=at) if at - last.at <= LASTS else last
    for place, solution in enumerate(solutions):
        end = min(now, solution.at + LASTS, solution.returned_at or now)
        repeat = next((item for item in notes.repeats if solution.at < item.at <= end), None)
        if repeat is not None:
            solutions[place] = solution._replace(returned_at=repeat.at, again=repeat.ticket)
    return solutions


class Judgement(NamedTuple):
    """The notes with what is told now, the events that tell it, and when to look again."""

    notes: SolutionNotes
    events: tuple[Event[Payload], ...]
    due: int | None


def judge(ticket: str, solutions: Sequence[Solution], notes: SolutionNotes, now: int) -> Judgement:
    """What can be told of a ticket's solutions by now, each once."""
    events = list[Event[Payload]]()
    lasted, returned, due = list(notes.lasted), list(notes.returned), list[int]()
    taken_back = list(notes.taken_back)
    for solution in solutions:
        number = solution.resolution
        if solution.returned_at is not None:
            if number not in returned:
                returned.append(number)
                again = taken_back.count(number)
                events.append(_tell_return(ticket, solution, solution.returned_at, again))
            continue
        # What they asked about may turn out to be something else.
        if number in returned:
            returned.remove(number)
            taken_back.append(number)
            lasted = [item for item in lasted if item != number]
        if number in lasted:
            continue
        if now < solution.at + LASTS:
            due.append(solution.at + LASTS)
        else:
            lasted.append(number)
            data = SolutionLasted(resolution=number, resolved_at=instant(solution.at))
            again = taken_back.count(number)
            rule = f"solution/{number}/lasted{f'/{again}' if again else ''}"
            events.append(_event(ticket, data, rule, solution.at + LASTS))
    after = replace(
        notes, lasted=tuple(lasted), returned=tuple(returned), taken_back=tuple(taken_back)
    )
    return Judgement(after, tuple(events), min(due, default=None))


def _tell_return(ticket: str, solution: Solution, at: int, taken_back: int) -> AnyEvent:
    """`taken_back` is how often that was told before and taken back: each has an id of its own."""
    data = SolutionReturned(
        resolution=solution.resolution,
        resolved_at=instant(solution.at),
        reason=ReturnReason.ASKED_AGAIN if solution.again else ReturnReason.REOPENED,
        ticket=solution.again,
    )
    rule = f"solution/{solution.resolution}/returned/{solution.again}"
    if taken_back:
        rule = f"{rule}/{taken_back}"
    return _event(ticket, data, rule, at)


def _event(ticket: str, data: Payload, rule: str, at: int) -> AnyEvent:
    return Event(
        id=derive_id(ticket, rule), source=SOURCE, subject=ticket, time=instant(at), data=data
    )
