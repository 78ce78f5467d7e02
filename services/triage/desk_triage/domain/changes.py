"""The changes of one service that may explain trouble: begun, and not long over."""

from datetime import datetime

from desk_shared.events import Event
from desk_shared.events.changes import ChangeFinished, ChangeStarted
from desk_shared.events.people import Value
from desk_shared.kernel import Decision, Reducers

from desk_triage.domain.board import Change

MAX_CHANGES = 20


class ServiceChanges(Value):
    """What is under way, or was lately, oldest first."""

    service: str
    changes: tuple[Change, ...] = ()

    @property
    def next_forgotten(self) -> datetime | None:
        """When the first of them stops being suspect."""
        return min((one.suspect_until for one in self.changes), default=None)


# The changes after one more report; an end without a beginning tells nothing.
follow: Reducers[ServiceChanges | None, [], Decision[ServiceChanges] | None] = Reducers(
    lambda _state, _event: None
)


@follow.on(ChangeStarted)
def _begin(state: ServiceChanges | None, event: Event[ChangeStarted]) -> Decision[ServiceChanges]:
    before, data = state or ServiceChanges(service=event.subject), event.data
    others = [one for one in before.changes if not one.is_of(event.source, data.change)]
    begun = Change(
        change=data.change,
        kind=data.kind,
        title=data.title,
        started_at=event.time,
        source=event.source,
    )
    known = sorted((*others, begun), key=lambda one: one.started_at)[-MAX_CHANGES:]
    return _outcome(before.model_copy(update={"changes": tuple(known)}))


@follow.on(ChangeFinished)
def _finish(state: ServiceChanges | None, event: Event[ChangeFinished]) -> Decision[ServiceChanges]:
    before, data = state or ServiceChanges(service=event.subject), event.data
    end = {"finished_at": event.time, "succeeded": data.succeeded}
    known = [
        one.model_copy(update=end) if one.is_of(event.source, data.change) else one
        for one in before.changes
    ]
    return _outcome(before.model_copy(update={"changes": tuple(known)}))


def forget(state: ServiceChanges, now: datetime) -> Decision[ServiceChanges]:
    """Without those that nobody suspects any more."""
    left = tuple(one for one in state.changes if one.suspect_until > now)
    return _outcome(state.model_copy(update={"changes": left}))


def _outcome(state: ServiceChanges) -> Decision[ServiceChanges]:
    return Decision(state, (), state.next_forgotten)
