"""What is planned for a service, as people are told of it. Fed by `desk.changes`."""

from datetime import datetime, timedelta

from desk_contracts import Event
from desk_contracts.events.changes import ChangeFinished, ChangeKind, ChangePlanned, ChangeStarted
from desk_contracts.frozen import Frozen
from desk_kernel import Reducers

# People plan their own work a fortnight ahead; what nobody ends is not shown for ever.
SHOWN_AHEAD, SHOWN_AFTER = timedelta(days=14), timedelta(days=1)


class KnownChange(Frozen):
    """One change of a service. Times that nobody told are None."""

    id: str
    service: str
    kind: ChangeKind
    title: str
    starts: datetime
    ends: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def is_shown(self, now: datetime) -> bool:
        """Whether it is under way or soon will be. Of one that should be over nobody said so."""
        until = (self.ends or self.starts) + SHOWN_AFTER
        return self.finished_at is None and self.starts <= now + SHOWN_AHEAD and now < until


# The change after the event; None where there is nothing to know.
apply_change: Reducers[KnownChange | None, [], KnownChange | None] = Reducers(
    lambda change, _event: change
)


def change_id(event: Event[ChangePlanned | ChangeStarted | ChangeFinished]) -> str:
    """Outside systems name their changes each for itself."""
    return f"{event.source} {event.subject} {event.data.change}"


@apply_change.on(ChangePlanned)
def _plan(change: KnownChange | None, event: Event[ChangePlanned]) -> KnownChange:
    """A plan that is told again is another plan; what was seen of it stays."""
    data = event.data
    plan = {"kind": data.kind, "title": data.title, "starts": data.starts, "ends": data.ends}
    if change is not None:
        return change.model_copy(update=plan)
    return KnownChange(
        id=change_id(event),
        service=event.subject,
        kind=data.kind,
        title=data.title,
        starts=data.starts,
        ends=data.ends,
    )


@apply_change.on(ChangeStarted)
def _start(change: KnownChange | None, event: Event[ChangeStarted]) -> KnownChange:
    data = event.data
    begun = change or KnownChange(
        id=change_id(event),
        service=event.subject,
        kind=data.kind,
        title=data.title,
        starts=event.time,
    )
    return begun.model_copy(update={"started_at": begun.started_at or event.time})


@apply_change.on(ChangeFinished)
def _finish(change: KnownChange | None, event: Event[ChangeFinished]) -> KnownChange | None:
    """One that nobody planned or started is nothing that people waited for."""
    return change and change.model_copy(update={"finished_at": event.time})
