"""Finished tickets as lessons: what was said when one was opened, and which team finished it.

A pure fold of ticket events. Corrections need no words of their own here: the team that had the
ticket when it was finished is the answer, whoever had it before.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from desk_shared.events import AnyEvent, Event
from desk_shared.events.tickets import (
    How,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTriaged,
)
from desk_shared.kernel import Reducers

from desk_triage.domain.learned import tokens_of

# A bound for memory: some 1.5 KB each. The oldest are forgotten first.
MOST_TICKETS = 200_000
NOT_KNOWN = frozenset({"", "unknown", "other"})
_NOBODY = "unknown"
# Where no team finished anything there is nothing to learn.
_BY_A_TEAM = frozenset({How.MEMBER, How.PROBLEM})


class Lesson(NamedTuple):
    """One finished ticket. `is_open` tells that today's rules would find no team for it."""

    opened_at: datetime
    ticket: str
    finished_at: datetime
    person: str
    tokens: tuple[str, ...]
    team: str
    category: str
    is_open: bool


@dataclass(slots=True)
class _Story:
    opened_at: datetime
    person: str
    tokens: tuple[str, ...]
    category: str
    is_open: bool
    sequence: int
    team: str = ""
    finished_at: datetime | None = None
    finished_by: str = ""


_follow: Reducers[_Story, [], None] = Reducers(lambda _story, _event: None)


@dataclass(slots=True)
class Lessons:
    """Gathers events, those of one ticket in their order; a second delivery changes nothing."""

    leaves_open: Callable[[TicketOpened, datetime], bool]
    most: int = MOST_TICKETS
    seen: int = 0
    unreadable: int = 0
    _stories: dict[str, _Story] = field(default_factory=dict)

    def add(self, event: AnyEvent | None) -> None:
        """One more event, None for an unreadable one; what belongs to no known ticket is passed."""
        if event is None:
            self.unreadable += 1
            return
        story = self._stories.get(event.subject)
        if story is None:
            if isinstance(event.data, TicketOpened):
                self._open(event, event.data)
        elif (event.sequence or 0) > story.sequence:
            story.sequence = event.sequence or 0
            _follow(story, event)

    def all(self) -> list[Lesson]:
        """Every lesson, in the order the tickets were opened."""
        return sorted(self._finished())

    def _open(self, event: AnyEvent, opened: TicketOpened) -> None:
        self.seen += 1
        self._stories[event.subject] = _Story(
            opened_at=event.time,
            person=event.subject if opened.requester == _NOBODY else opened.requester,
            tokens=tuple(map(sys.intern, tokens_of(opened))),
            category=opened.attributes.get("category", ""),
            is_open=self.leaves_open(opened, event.time),
            sequence=event.sequence or 0,
        )
        # Now and then, so that it costs nothing per ticket.
        if len(self._stories) > 2 * self.most:
            self._forget()

    def _forget(self) -> None:
        newest = sorted(self._stories.items(), key=lambda one: (one[1].opened_at, one[0]))
        self._stories = dict(newest[-self.most :])

    def _finished(self) -> Iterator[Lesson]:
        if len(self._stories) > self.most:
            self._forget()
        for ticket, story in self._stories.items():
            if story.finished_at is not None and story.finished_by:
                yield Lesson(
                    story.opened_at,
                    ticket,
                    story.finished_at,
                    story.person,
                    story.tokens,
                    story.finished_by,
                    "" if story.category in NOT_KNOWN else story.category,
                    story.is_open,
                )


@_follow.on(TicketAssigned)
def _assign(story: _Story, event: Event[TicketAssigned]) -> None:
    story.team = event.data.team


@_follow.on(TicketTriaged)
def _triage(story: _Story, event: Event[TicketTriaged]) -> None:
    story.category = event.data.category


@_follow.on(TicketReopened)
def _reopen(story: _Story, _event: Event[TicketReopened]) -> None:
    story.finished_at, story.finished_by = None, ""


@_follow.on(TicketMerged)
def _merge(story: _Story, event: Event[TicketMerged]) -> None:
    story.finished_at, story.finished_by = event.time, ""


@_follow.on(TicketResolved)
def _resolve(story: _Story, event: Event[TicketResolved]) -> None:
    _finish(story, event.time, story.team if event.data.how in _BY_A_TEAM else "")


@_follow.on(TicketClosed)
def _close(story: _Story, event: Event[TicketClosed]) -> None:
    _finish(story, event.time, story.team)


def _finish(story: _Story, at: datetime, by: str) -> None:
    if story.finished_at is None:
        story.finished_at, story.finished_by = at, by
