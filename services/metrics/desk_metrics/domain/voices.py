"""Voices: what people said in surveys, what they miss and what they no longer need, as postings."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from desk_shared.events.envelope import AnyEvent, Event, Payload
from desk_shared.events.feedback import DemandObsoleteReported, DemandRequested, SurveyAnswered

from desk_metrics.domain.books import Ledgered, posted_by
from desk_metrics.domain.measures.happiness import Answered, happiness_of
from desk_metrics.domain.measures.postings import Posting, Slice
from desk_metrics.domain.measures.wishes import OBSOLETE, REQUESTED, demand_measure
from desk_metrics.domain.worktime import micros

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


def voice_of(event: AnyEvent) -> Voice | None:
    """None for what is no feedback."""
    data = event.data
    if isinstance(data, SurveyAnswered):
        by = Slice(data.kind, data.service, data.team, data.site, data.by, data.device)
        return Voice(f"survey:{data.ticket}:{data.cycle}", by)
    if isinstance(data, DemandRequested):
        return Voice(f"wish:{data.feedback}", Slice(person=data.by))
    if isinstance(data, DemandObsoleteReported):
        return Voice(f"wish:{data.feedback}", Slice(service=data.service, person=data.by))
    return None


def with_voice(
    state: Voiced | None, voice: Voice, event: AnyEvent
) -> tuple[Voiced, tuple[Event[Payload], ...]] | None:
    """What was said with one more word, and what that changes; None if it was known.

    The answer with the highest revision says to which team and service the survey belongs,
    in whatever order answers come.
    """
    state = state or Voiced(Ledgered(voice.key))
    at, data = micros(event.time), event.data
    if isinstance(data, SurveyAnswered):
        if any(one.revision == data.revision for one in state.answers):
            return None
        is_newest = all(one.revision < data.revision for one in state.answers)
        answers = sorted((*state.answers, Answered(data.revision, data.score, at, data.counted)))
        state = replace(
            state,
            slice=voice.slice if is_newest else state.slice,
            answers=tuple(answers[-MOST_ANSWERS:]),
        )
    elif state.wishes:
        return None
    else:
        wishes = tuple(Posting(measure, at, at) for measure in _wished(data))
        state = replace(state, slice=voice.slice, wishes=wishes)
    postings = (*happiness_of(state.answers), *state.wishes)
    book, events = posted_by(state.book, state.slice, postings, at)
    return replace(state, book=book), tuple(events)


def _wished(data: Payload) -> tuple[str, ...]:
    """The measures that a wish counts in."""
    return (
        (REQUESTED, demand_measure(data.what)) if isinstance(data, DemandRequested) else (OBSOLETE,)
    )
