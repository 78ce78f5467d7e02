"""What triage remembers of a ticket: its decision, and what people corrected. Never fought."""

from datetime import datetime

from desk_shared.events.message import Explanation
from desk_shared.events.people import Priority, Value
from desk_shared.events.tickets import Kind

MAX_CORRECTIONS = 20


class Routing(Value):
    """What triage concluded, as published. Without priority it was left to a person."""

    team: str
    category: str = ""
    priority: Priority | None = None
    service: str = ""
    member: str = ""
    skills: tuple[str, ...] = ()
    rule: str = ""
    explanation: Explanation = ()
    charter: str
    decided_at: datetime

    @property
    def is_deferred(self) -> bool:
        """Whether a person has to decide."""
        return self.priority is None


class Correction(Value):
    """A person decided otherwise: material to learn from."""

    field: str
    decided: str
    corrected: str
    by: str = ""
    at: datetime


class Ticket(Value):
    """A ticket as triage sees it."""

    code: str
    kind: Kind
    title: str
    requester: str
    opened_at: datetime
    decision: Routing
    team: str
    member: str = ""
    is_open: bool = True
    corrections: tuple[Correction, ...] = ()
