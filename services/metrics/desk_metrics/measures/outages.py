"""Spells: how long telemetry saw each device or service in trouble, episode by episode.

A spell is posted when it is over. One that nobody ended is forgotten after thirty days: no data is
no health, but it is no trouble either.
"""

from dataclasses import dataclass
from typing import NamedTuple

from desk_shared.events.envelope import AnyEvent, Event, Payload
from desk_shared.events.people import SubjectKind
from desk_shared.events.signals import SignalCleared, SignalRaised
from desk_shared.kernel import Reducers

from desk_metrics.measures.contributions import Slice
from desk_metrics.measures.experience import abnormal_of
from desk_metrics.measures.publication import Ledgered, book_of, posted_by
from desk_metrics.sla.worktime import micros

_DAY = 24 * 3600 * 1_000_000
# An end that comes twice, or before its beginning, comes within days.
ENDED_KEPT, OPEN_KEPT = 3 * _DAY, 30 * _DAY


class Spell(NamedTuple):
    """One episode; 0 is a moment that is not known yet."""

    episode: str
    start: int = 0
    end: int = 0
    slice: Slice = Slice()

    @property
    def newest(self) -> int:
        return max(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Spells:
    """The episodes of one device or service."""

    kind: str
    spells: tuple[Spell, ...] = ()
    books: tuple[Ledgered, ...] = ()


def spells_key(event: AnyEvent) -> str | None:
    """Which device or service a signal is about."""
    if isinstance(event.data, SignalRaised | SignalCleared):
        return f"{event.data.subject_kind}:{event.subject}"
    return None


_bounds: Reducers[Spell, [], Spell] = Reducers(lambda spell, _event: spell)


@_bounds.on(SignalRaised)
def _begin(spell: Spell, event: Event[SignalRaised]) -> Spell:
    start = spell.start or micros(event.time)
    return spell._replace(start=start, slice=_slice(event.subject, event.data))


@_bounds.on(SignalCleared)
def _end(spell: Spell, event: Event[SignalCleared]) -> Spell:
    return spell._replace(end=spell.end or micros(event.time))


def with_signal(
    state: Spells | None, event: AnyEvent
) -> tuple[Spells, tuple[Event[Payload], ...]] | None:
    """The spells with one more beginning or end, and what that changes; None if it was known."""
    data = event.data
    if not isinstance(data, SignalRaised | SignalCleared):
        return None
    state = state or Spells(str(data.subject_kind))
    by_episode = {one.episode: one for one in state.spells}
    before = by_episode.get(data.episode, Spell(data.episode))
    after = _bounds(before, event)
    if after == before:
        return None
    by_episode[data.episode] = after
    book, events = book_of(state.books, f"spell:{data.episode}"), list[Event[Payload]]()
    if after.start and after.end:
        postings = tuple(abnormal_of(state.kind, after.start, after.end))
        book, events = posted_by(book, after.slice, postings, after.newest)
    books = {one.source: one for one in state.books} | {book.source: book}
    return _pruned(state.kind, by_episode, books), tuple(events)


def _slice(subject: str, data: SignalRaised) -> Slice:
    """Trouble of a device is not that of a service it uses, which has signals of its own."""
    if data.subject_kind is SubjectKind.SERVICE:
        return Slice(service=subject, site=data.site)
    return Slice(site=data.site, person=data.person, device=subject)


def _pruned(kind: str, spells: dict[str, Spell], books: dict[str, Ledgered]) -> Spells:
    latest = max(one.newest for one in spells.values())
    kept = tuple(
        one
        for _, one in sorted(spells.items())
        if latest - one.newest <= (ENDED_KEPT if one.start and one.end else OPEN_KEPT)
    )
    sources = (f"spell:{one.episode}" for one in kept)
    return Spells(kind, kept, tuple(books[one] for one in sources if one in books))
