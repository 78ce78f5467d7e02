"""What escalation remembers of a ticket: who has it, what it is about, the levels it reached."""

from datetime import datetime

from desk_contracts import AnyEvent, Event
from desk_contracts.events.sla import SlaAtRisk, SlaBreached
from desk_contracts.value_types import Priority, Value

# Clocks, cycles and levels of one ticket; more are a loop, and the oldest were long ago.
MAX_DONE = 200
MAX_EARLY = 20


class EarlyTransition(Value):
    """An SLA's event that was read before who has the ticket: two topics have no common order."""

    id: str
    source: str
    time: datetime
    correlation_id: str = ""
    traceparent: str = ""
    data: SlaAtRisk | SlaBreached

    @classmethod
    def keep(cls, event: AnyEvent, data: SlaAtRisk | SlaBreached) -> "EarlyTransition":
        """All of the event that what follows from it needs."""
        return cls(
            id=event.id,
            source=event.source,
            time=event.time,
            correlation_id=event.correlation_id,
            traceparent=event.traceparent,
            data=data,
        )

    def restore(self, ticket: str) -> Event[SlaAtRisk | SlaBreached]:
        """The event as it was."""
        return Event(
            id=self.id,
            source=self.source,
            subject=ticket,
            time=self.time,
            data=self.data,
            correlation_id=self.correlation_id,
            traceparent=self.traceparent,
        )


class EscalatedTicket(Value):
    """A ticket as escalation sees it. Without a team it is not known yet who has it."""

    team: str = ""
    member: str = ""
    service: str = ""
    priority: Priority | None = None
    is_open: bool = True
    done: tuple[str, ...] = ()
    early: tuple[EarlyTransition, ...] = ()

    def note_done(self, level: str) -> "EscalatedTicket":
        """The same after that level."""
        return self.model_copy(update={"done": (*self.done, level)[-MAX_DONE:]})
