"""What a report about a change, or the time that passes, does to the changes of a service."""

from datetime import datetime

from desk_contracts import Event
from desk_contracts.events.changes import ChangeFinished, ChangeStarted
from desk_kernel import Decision, Reducers

from desk_triage.changes.model import Change, ServiceChanges

MAX_CHANGES = 20


# The changes after one more report; an end without a beginning changes nothing.
follow: Reducers[ServiceChanges | None, [], Decision[ServiceChanges] | None] = Reducers(
    lambda _state, _event: None
)


@follow.on(ChangeStarted)
def _begin(state: ServiceChanges | None, event: Event[ChangeStarted]) -> Decision[ServiceChanges]:
    before, data = state or ServiceChanges(service=event.subject), event.data
    others = [change for change in before.changes if not change.is_of(event.source, data.change)]
    begun = Change(
        change=data.change,
        kind=data.kind,
        title=data.title,
        started_at=event.time,
        source=event.source,
    )
    changes = sorted((*others, begun), key=lambda change: change.started_at)[-MAX_CHANGES:]
    return _decide(before.model_copy(update={"changes": tuple(changes)}))


@follow.on(ChangeFinished)
def _finish(state: ServiceChanges | None, event: Event[ChangeFinished]) -> Decision[ServiceChanges]:
    before, data = state or ServiceChanges(service=event.subject), event.data
    end = {"finished_at": event.time, "succeeded": data.succeeded}
    changes = [
        change.model_copy(update=end) if change.is_of(event.source, data.change) else change
        for change in before.changes
    ]
    return _decide(before.model_copy(update={"changes": tuple(changes)}))


def expire(state: ServiceChanges, now: datetime) -> Decision[ServiceChanges]:
    """Without those that nobody suspects any more."""
    left = tuple(change for change in state.changes if change.suspect_until > now)
    return _decide(state.model_copy(update={"changes": left}))


def _decide(state: ServiceChanges) -> Decision[ServiceChanges]:
    return Decision(state, (), state.next_expiry)
