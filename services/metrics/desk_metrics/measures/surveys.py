"""What people say, as contributions: in surveys, of what they miss or need no more, and of what
they took instead of logging a ticket.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.events.feedback import (
    ContactPrevented,
    ContactReturned,
    DemandObsoleteReported,
    DemandRequested,
    SurveyAnswered,
)
from desk_kernel import Readings, Reducers

from desk_metrics.measures.contributions import Contribution, Slice
from desk_metrics.measures.deflection import NOT_DEFLECTED, Deflection, contribute_deflection
from desk_metrics.measures.demand import OBSOLETE, REQUESTED, demand_measure
from desk_metrics.measures.happiness import Answered, happiness_of
from desk_metrics.measures.publication import SourceRecord, publish
from desk_metrics.sla.worktime import micros

# Who answers more often than that about one resolution plays; the newest answers are kept.
MOST_ANSWERS = 50
NO_SLICE = Slice()


class SurveyResponse(NamedTuple):
    """Which document an event of feedback belongs to, and what its figures are broken down by."""

    key: str
    slice: Slice


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """All that was said about one resolution of one ticket, one demand or one prevented contact."""

    book: SourceRecord
    slice: Slice = NO_SLICE
    answers: tuple[Answered, ...] = ()
    demands: tuple[Contribution, ...] = ()
    deflection: Deflection = NOT_DEFLECTED


# None for what is no feedback.
read_response: Readings[SurveyResponse | None] = Readings(None)


@read_response.on(SurveyAnswered)
def _read_survey(event: Event[SurveyAnswered]) -> SurveyResponse:
    data = event.data
    by = Slice(data.kind, data.service, data.team, data.site, data.by, data.device)
    return SurveyResponse(f"survey:{data.ticket}:{data.cycle}", by)


@read_response.on(DemandRequested)
def _read_demand_request(event: Event[DemandRequested]) -> SurveyResponse:
    return SurveyResponse(f"wish:{event.data.feedback}", Slice(person=event.data.by))


@read_response.on(DemandObsoleteReported)
def _read_obsolete_report(event: Event[DemandObsoleteReported]) -> SurveyResponse:
    data = event.data
    return SurveyResponse(f"wish:{data.feedback}", Slice(service=data.service, person=data.by))


@read_response.on(ContactPrevented)
def _read_contact(event: Event[ContactPrevented]) -> SurveyResponse:
    data = event.data
    by = Slice(service=data.service, person=data.by, device=data.device)
    return SurveyResponse(f"contact:{data.contact}", by)


@read_response.on(ContactReturned)
def _read_return(event: Event[ContactReturned]) -> SurveyResponse:
    return SurveyResponse(f"contact:{event.data.contact}", Slice(person=event.data.by))


def add_response(
    state: KeptResponse | None, response: SurveyResponse, event: AnyEvent
) -> tuple[KeptResponse, tuple[Event[Payload], ...]] | None:
    """What was said with one more word, and what that changes; None if it was known.

    The answer with the highest revision says to which team and service the survey belongs,
    in whatever order answers come.
    """
    before = state or KeptResponse(SourceRecord(response.key))
    after = _one_more_word(before, event, response)
    if after is before:
        return None
    state, at = after, micros(event.time)
    contributions = (
        *happiness_of(state.answers),
        *state.demands,
        *contribute_deflection(state.deflection),
    )
    book, events = publish(state.book, state.slice, contributions, at)
    return replace(state, book=book), tuple(events)


_one_more_word: Reducers[KeptResponse, [SurveyResponse], KeptResponse] = Reducers(
    lambda state, _event, _response: state
)


@_one_more_word.on(SurveyAnswered)
def _add_answer(
    state: KeptResponse, event: Event[SurveyAnswered], response: SurveyResponse
) -> KeptResponse:
    at, data = micros(event.time), event.data
    if any(answer.revision == data.revision for answer in state.answers):
        return state
    answer = Answered(data.revision, data.score, at, data.counted, data.lost_minutes)
    is_newest = all(item.revision < data.revision for item in state.answers)
    answers = sorted((*state.answers, answer))
    return replace(
        state,
        slice=response.slice if is_newest else state.slice,
        answers=tuple(answers[-MOST_ANSWERS:]),
    )


@_one_more_word.on(DemandRequested)
def _add_demand(
    state: KeptResponse, event: Event[DemandRequested], response: SurveyResponse
) -> KeptResponse:
    return _add_measures(state, event, response, REQUESTED, demand_measure(event.data.what))


@_one_more_word.on(DemandObsoleteReported)
def _add_obsolete(
    state: KeptResponse, event: Event[DemandObsoleteReported], response: SurveyResponse
) -> KeptResponse:
    return _add_measures(state, event, response, OBSOLETE)


@_one_more_word.on(ContactPrevented)
def _add_contact(
    state: KeptResponse, event: Event[ContactPrevented], response: SurveyResponse
) -> KeptResponse:
    if state.deflection.taken_at:
        return state
    deflection = state.deflection._replace(taken_at=micros(event.time))
    return replace(state, slice=response.slice, deflection=deflection)


@_one_more_word.on(ContactReturned)
def _add_return(
    state: KeptResponse, event: Event[ContactReturned], _response: SurveyResponse
) -> KeptResponse:
    if state.deflection.logged_at:
        return state
    return replace(state, deflection=state.deflection._replace(logged_at=micros(event.time)))


def _add_measures(
    state: KeptResponse, event: AnyEvent, response: SurveyResponse, *measures: str
) -> KeptResponse:
    """A wish is said once, and counts in each of these measures."""
    if state.demands:
        return state
    at = micros(event.time)
    demands = tuple(Contribution(measure, at, at) for measure in measures)
    return replace(state, slice=response.slice, demands=demands)
