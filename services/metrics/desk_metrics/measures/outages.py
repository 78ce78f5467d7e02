"""Outages: how long telemetry saw each device or service in trouble, episode by episode.

An outage counts when it is over. Of one that nobody watches any more only so much is known, and
counts, as was seen of it. One that nobody ended is forgotten after thirty days: no data is
no health, but it is no trouble either.
"""

from dataclasses import dataclass
from typing import NamedTuple

from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.events.signals import SignalCleared, SignalDropped, SignalRaised
from desk_contracts.value_types import SubjectKind
from desk_kernel import Reducers

from desk_metrics.measures.contributions import Slice
from desk_metrics.measures.experience import abnormal_of
from desk_metrics.measures.publication import SourceRecord, find_source, publish
from desk_metrics.sla.worktime import micros

_DAY = 24 * 3600 * 1_000_000
_READ = (SignalRaised, SignalCleared, SignalDropped)
# An end that comes twice, or before its beginning, comes within days.
ENDED_KEPT, OPEN_KEPT = 3 * _DAY, 30 * _DAY


class Outage(NamedTuple):
    """One episode; 0 is a moment that is not known yet."""

    episode: str
    start: int = 0
    end: int = 0
    slice: Slice = Slice()

    @property
    def newest(self) -> int:
        return max(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Outages:
    """The episodes of one device or service."""

    kind: str
    outages: tuple[Outage, ...] = ()
    sources: tuple[SourceRecord, ...] = ()


def outages_key(event: AnyEvent) -> str | None:
    """Which device or service a signal is about; a fleet's devices have signals of their own."""
    if isinstance(event.data, _READ) and event.data.subject_kind is not SubjectKind.FLEET:
        return f"{event.data.subject_kind}:{event.subject}"
    return None


_bounds: Reducers[Outage, [], Outage] = Reducers(lambda outage, _event: outage)


@_bounds.on(SignalRaised)
def _begin(outage: Outage, event: Event[SignalRaised]) -> Outage:
    start, data = outage.start or micros(event.time), event.data
    # Trouble of a device is not that of a service it uses, which has signals of its own.
    by = Slice(site=data.site, person=data.person, device=event.subject)
    if data.subject_kind is SubjectKind.SERVICE:
        by = Slice(service=event.subject, site=data.site)
    return outage._replace(start=start, slice=by)


@_bounds.on(SignalCleared)
def _end(outage: Outage, event: Event[SignalCleared]) -> Outage:
    return outage._replace(end=outage.end or micros(event.time))


@_bounds.on(SignalDropped)
def _drop(outage: Outage, event: Event[SignalDropped]) -> Outage:
    return outage._replace(end=outage.end or micros(event.data.seen_at))


def add_signal(
    state: Outages | None, event: AnyEvent
) -> tuple[Outages, tuple[Event[Payload], ...]] | None:
    """The outages with one more beginning or end, and what that changes; None if it was known."""
    data = event.data
    if not isinstance(data, _READ):
        return None
    state = state or Outages(str(data.subject_kind))
    by_episode = {outage.episode: outage for outage in state.outages}
    before = by_episode.get(data.episode, Outage(data.episode))
    after = _bounds(before, event)
    if after == before:
        return None
    by_episode[data.episode] = after
    book, events = find_source(state.sources, f"outage:{data.episode}"), list[Event[Payload]]()
    if after.start and after.end:
        contributions = tuple(abnormal_of(state.kind, after.start, after.end))
        book, events = publish(book, after.slice, contributions, after.newest)
    sources = {source.source: source for source in state.sources} | {book.source: book}
    return _prune(state.kind, by_episode, sources), tuple(events)


def _prune(kind: str, outages: dict[str, Outage], sources: dict[str, SourceRecord]) -> Outages:
    latest = max(outage.newest for outage in outages.values())
    kept = tuple(
        record
        for _, record in sorted(outages.items())
        if latest - record.newest <= (ENDED_KEPT if record.start and record.end else OPEN_KEPT)
    )
    names = (f"outage:{item.episode}" for item in kept)
    return Outages(kind, kept, tuple(sources[name] for name in names if name in sources))
