"""How demands come together from what people say, and how they are answered."""

from datetime import datetime

from desk_contracts import AnyEvent, Event
from desk_contracts.events.feedback import (
    DemandAnswered,
    DemandObsoleteReported,
    DemandReminded,
    DemandRequested,
    DemandVerdict,
)
from desk_contracts.ids import derive_id
from desk_kernel import Decision, Readings, Reducers

from desk_intake.demands.model import ANSWER_WITHIN, MOST_PEOPLE, Demand, DemandAnswer, Kind
from desk_intake.tickets.record import SOURCE, Cause, emit


def demand_id(kind: Kind, subject: str) -> str:
    """One demand for all who name the same thing."""
    return derive_id(subject, f"demand-{kind}")


# Which demand an event belongs to; empty if it is none.
demand_of: Readings[str] = Readings("")
# The demand with one more voice.
add_vote: Reducers[Demand | None, [], Demand | None] = Reducers(lambda demand, _event: demand)


@demand_of.on(DemandRequested)
def _find_demand(event: Event[DemandRequested]) -> str:
    return demand_id("demand", event.subject)


@demand_of.on(DemandObsoleteReported)
def _find_obsolete(event: Event[DemandObsoleteReported]) -> str:
    return demand_id("obsolete", event.subject)


@add_vote.on(DemandRequested)
def _add_demand(demand: Demand | None, event: Event[DemandRequested]) -> Demand:
    return _add(demand or _begin("demand", event.data.what, event), event.data.by)


@add_vote.on(DemandObsoleteReported)
def _add_obsolete(demand: Demand | None, event: Event[DemandObsoleteReported]) -> Demand:
    return _add(demand or _begin("obsolete", event.data.service, event), event.data.by)


def _begin(kind: Kind, what: str, event: AnyEvent) -> Demand:
    return Demand(
        id=demand_id(kind, event.subject),
        kind=kind,
        what=what,
        subject=event.subject,
        first_at=event.time,
        due=event.time + ANSWER_WITHIN,
    )


def _add(demand: Demand, person: str) -> Demand:
    """Nobody has two votes, as far as they can be told apart."""
    if person in demand.people:
        return demand
    if len(demand.people) >= MOST_PEOPLE:
        return demand.model_copy(update={"more": demand.more + 1})
    return demand.model_copy(update={"people": (*demand.people, person)})


def remind_of_demand(demand: Demand, now: datetime) -> Decision[Demand]:
    """Reminds those who owe the answer, once; who answers for it is read when it is told."""
    due = demand.reminder_due
    if due is None or now < due:
        return Decision(demand, due=due)
    data = DemandReminded(
        demand=demand.id,
        what=demand.what,
        service=demand.what if demand.kind == "obsolete" else "",
        votes=demand.votes,
        due=due,
    )
    event: AnyEvent = Event(
        id=derive_id(demand.id, "reminded"),
        source=SOURCE,
        subject=demand.subject,
        time=now,
        data=data,
    )
    return Decision(demand.model_copy(update={"reminded_at": now}), (event,))


def answer_demand(
    demand: Demand, verdict: DemandVerdict, text: str, by: str, cause: Cause
) -> Decision[Demand]:
    """The answer, told to all who asked; a later one replaces it and is told again."""
    answered = DemandAnswered(
        demand=demand.id, what=demand.what, verdict=verdict, text=text, by=by, people=demand.people
    )
    event = emit(cause, answered, about=demand.id, subject=demand.subject, at=cause.at)
    answer = DemandAnswer(verdict=verdict, text=text, by=by, at=cause.at)
    return Decision(demand.model_copy(update={"answer": answer}), (event,))
