"""Training examples: what was said when one was opened, and which team finished it.

A reducer of ticket events. Corrections need no events of their own here: the team that had the
ticket when it was finished is the answer, whoever had it before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from desk_contracts import AnyEvent, Event
from desk_contracts.events.tickets import (
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTriaged,
)
from desk_kernel import Reducers

from desk_triage.learning.features import Features, extract_features
from desk_triage.routing.model import BY_A_TEAM

# A bound for memory: some 6 KB each. The oldest are forgotten first.
MOST_TICKETS = 50_000
NOT_KNOWN = frozenset({"", "unknown", "other"})
_NOBODY = "unknown"


class TrainingExample(NamedTuple):
    """One finished ticket. `is_unrouted` tells that today's rules find no team for it."""

    opened_at: datetime
    ticket: str
    finished_at: datetime
    person: str
    features: Features
    team: str
    category: str
    is_unrouted: bool


@dataclass(slots=True)
class _History:
    opened_at: datetime
    person: str
    features: Features
    category: str
    is_unrouted: bool
    sequence: int
    team: str = ""
    finished_at: datetime | None = None
    finished_by: str = ""


_follow: Reducers[_History, [], None] = Reducers(lambda _history, _event: None)


@dataclass(slots=True)
class ExampleCollector:
    """Gathers events, those of one ticket in their order; a second delivery changes nothing."""

    is_unrouted: Callable[[TicketOpened, datetime], bool]
    most: int = MOST_TICKETS
    seen: int = 0
    unreadable: int = 0
    _histories: dict[str, _History] = field(default_factory=dict)

    def add(self, event: AnyEvent | None) -> None:
        """One more event, None for an unreadable one; unknown tickets are passed over."""
        if event is None:
            self.unreadable += 1
            return
        history = self._histories.get(event.subject)
        if history is None:
            if isinstance(event.data, TicketOpened):
                self._open(event, event.data)
        elif (event.sequence or 0) > history.sequence:
            history.sequence = event.sequence or 0
            _follow(history, event)

    def all(self) -> list[TrainingExample]:
        """Every example, in the order the tickets were opened."""
        return sorted(self._find_finished(), key=lambda item: (item.opened_at, item.ticket))

    def _open(self, event: AnyEvent, opened: TicketOpened) -> None:
        self.seen += 1
        self._histories[event.subject] = _History(
            opened_at=event.time,
            person=event.subject if opened.requester == _NOBODY else opened.requester,
            features=extract_features(opened),
            category=opened.attributes.get("category", ""),
            is_unrouted=self.is_unrouted(opened, event.time),
            sequence=event.sequence or 0,
        )
        # Now and then, so that it costs nothing per ticket.
        if len(self._histories) > 2 * self.most:
            self._forget()

    def _forget(self) -> None:
        newest = sorted(self._histories.items(), key=lambda pair: (pair[1].opened_at, pair[0]))
        self._histories = dict(newest[-self.most :])

    def _find_finished(self) -> Iterator[TrainingExample]:
        if len(self._histories) > self.most:
            self._forget()
        for ticket, history in self._histories.items():
            if history.finished_at is not None and history.finished_by:
                yield TrainingExample(
                    history.opened_at,
                    ticket,
                    history.finished_at,
                    history.person,
                    history.features,
                    history.finished_by,
                    "" if history.category in NOT_KNOWN else history.category,
                    history.is_unrouted,
                )


@_follow.on(TicketAssigned)
def _assign(history: _History, event: Event[TicketAssigned]) -> None:
    history.team = event.data.team


@_follow.on(TicketTriaged)
def _triage(history: _History, event: Event[TicketTriaged]) -> None:
    history.category = event.data.category


@_follow.on(TicketReopened)
def _reopen(history: _History, _event: Event[TicketReopened]) -> None:
    history.finished_at, history.finished_by = None, ""


@_follow.on(TicketMerged)
def _merge(history: _History, event: Event[TicketMerged]) -> None:
    history.finished_at, history.finished_by = event.time, ""


@_follow.on(TicketResolved)
def _resolve(history: _History, event: Event[TicketResolved]) -> None:
    _finish(history, event.time, history.team if event.data.how in BY_A_TEAM else "")


@_follow.on(TicketClosed)
def _close(history: _History, event: Event[TicketClosed]) -> None:
    _finish(history, event.time, history.team)


def _finish(history: _History, at: datetime, by: str) -> None:
    if history.finished_at is None:
        history.finished_at, history.finished_by = at, by
