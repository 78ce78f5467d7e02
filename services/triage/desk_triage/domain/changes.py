"""The changes of one service that may explain trouble: begun, and not long over."""

from datetime import datetime

from desk_shared.events import AnyEvent
from desk_shared.events.changes import ChangeFinished, ChangeStarted
from desk_shared.events.people import Value
from desk_shared.kernel import Decision

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


def follow(state: ServiceChanges | None, event: AnyEvent) -> Decision[ServiceChanges] | None:
    """The changes after one more report; an end without a beginning tells nothing."""
    state = state or ServiceChanges(service=event.subject)
    data = event.data
    if isinstance(data, ChangeStarted):
        others = [one for one in state.changes if not one.is_of(event.source, data.change)]
        begun = Change(
            change=data.change,
            kind=data.kind,
            title=data.title,
            started_at=event.time,
            source=event.source,
        )
        known = sorted((*others, begun), key=lambda one: one.started_at)[-MAX_CHANGES:]
    elif isinstance(data, ChangeFinished):
        end = {"finished_at": event.time, "succeeded": data.succeeded}
        known = [
            one.model_copy(update=end) if one.is_of(event.source, data.change) else one
            for one in state.changes
        ]
    else:
        return None
    return _outcome(state.model_copy(update={"changes": tuple(known)}))


def forget(state: ServiceChanges, now: datetime) -> Decision[ServiceChanges]:
    """Without those that nobody suspects any more."""
    left = tuple(one for one in state.changes if one.suspect_until > now)
    return _outcome(state.model_copy(update={"changes": left}))


def _outcome(state: ServiceChanges) -> Decision[ServiceChanges]:
    return Decision(state, (), state.next_forgotten)
