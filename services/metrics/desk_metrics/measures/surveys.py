"""Voices: what people said in surveys, what they miss and what they no longer need, as postings."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from desk_shared.events.envelope import AnyEvent, Event, Payload
from desk_shared.events.feedback import DemandObsoleteReported, DemandRequested, SurveyAnswered
from desk_shared.kernel import Readings, Reducers

from desk_metrics.measures.contributions import Posting, Slice
from desk_metrics.measures.demand import OBSOLETE, REQUESTED, demand_measure
from desk_metrics.measures.happiness import Answered, happiness_of
from desk_metrics.measures.publication import Ledgered, posted_by
from desk_metrics.sla.worktime import micros

# Who answers more often than that about one resolution plays; the newest answers are kept.
MOST_ANSWERS = 50
NO_SLICE = Slice()


class Voice(NamedTuple):
    """Which document an event of feedback belongs to, and what its figures are broken down by."""

    key: str
    slice: Slice


@dataclass(frozen=True, slots=True)
class Voiced:
    """All that was said about one resolution of one ticket, or one wish."""

    book: Ledgered
    slice: Slice = NO_SLICE
    answers: tuple[Answered, ...] = ()
    wishes: tuple[Posting, ...] = ()


# None for what is no feedback.
voice_of: Readings[Voice | None] = Readings(None)


@voice_of.on(SurveyAnswered)
def _voice_of_survey(event: Event[SurveyAnswered]) -> Voice:
    data = event.data
    by = Slice(data.kind, data.service, data.team, data.site, data.by, data.device)
    return Voice(f"survey:{data.ticket}:{data.cycle}", by)


@voice_of.on(DemandRequested)
def _voice_of_demand(event: Event[DemandRequested]) -> Voice:
    return Voice(f"wish:{event.data.feedback}", Slice(person=event.data.by))


@voice_of.on(DemandObsoleteReported)
def _voice_of_obsolete(event: Event[DemandObsoleteReported]) -> Voice:
    data = event.data
    return Voice(f"wish:{data.feedback}", Slice(service=data.service, person=data.by))


def with_voice(
    state: Voiced | None, voice: Voice, event: AnyEvent
) -> tuple[Voiced, tuple[Event[Payload], ...]] | None:
    """What was said with one more word, and what that changes; None if it was known.

    The answer with the highest revision says to which team and service the survey belongs,
    in whatever order answers come.
    """
    before = state or Voiced(Ledgered(voice.key))
    after = _one_more_word(before, event, voice)
    if after is before:
        return None
    state, at = after, micros(event.time)
    postings = (*happiness_of(state.answers), *state.wishes)
    book, events = posted_by(state.book, state.slice, postings, at)
    return replace(state, book=book), tuple(events)


_one_more_word: Reducers[Voiced, [Voice], Voiced] = Reducers(lambda state, _event, _voice: state)


@_one_more_word.on(SurveyAnswered)
def _add_answer(state: Voiced, event: Event[SurveyAnswered], voice: Voice) -> Voiced:
    at, data = micros(event.time), event.data
    if any(one.revision == data.revision for one in state.answers):
        return state
    is_newest = all(one.revision < data.revision for one in state.answers)
    answers = sorted((*state.answers, Answered(data.revision, data.score, at, data.counted)))
    return replace(
        state,
        slice=voice.slice if is_newest else state.slice,
        answers=tuple(answers[-MOST_ANSWERS:]),
    )


@_one_more_word.on(DemandRequested)
def _add_demand(state: Voiced, event: Event[DemandRequested], voice: Voice) -> Voiced:
    return _wished(state, event, voice, REQUESTED, demand_measure(event.data.what))


@_one_more_word.on(DemandObsoleteReported)
def _add_obsolete(state: Voiced, event: Event[DemandObsoleteReported], voice: Voice) -> Voiced:
    return _wished(state, event, voice, OBSOLETE)


def _wished(state: Voiced, event: AnyEvent, voice: Voice, *measures: str) -> Voiced:
    """A wish is said once, and counts in each of these measures."""
    if state.wishes:
        return state
    at = micros(event.time)
    wishes = tuple(Posting(measure, at, at) for measure in measures)
    return replace(state, slice=voice.slice, wishes=wishes)
