"""How stories of intake tell what was decided: whole, or why it was refused."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.errors import DeskError
from desk_intake.tickets.record import Cause
from desk_kernel import Decision
from pydantic import BaseModel

from tests.support.golden import describe, describe_events
from tests.support.intake_world import MONDAY

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
CAUSE = Cause("call-1", MONDAY + HOUR)


def tell(decision: Decision[Any] | None) -> str:
    """A whole decision."""
    if decision is None:
        return "  nothing changes\n"
    state = decision.state
    shown = describe(state) if isinstance(state, BaseModel) else ""
    return f"  due {decision.due}\n{shown}{describe_events(decision.events)}"


def attempt(decide: Callable[..., object], *given: object, **named: object) -> object:
    """What it comes to, or its refusal."""
    try:
        return decide(*given, **named)
    except DeskError as refusal:
        return f"{type(refusal).__name__} {refusal.code} {refusal.message}"


def happen(data: Payload, at: datetime = MONDAY, subject: str = "s-1", id: str = "e") -> AnyEvent:
    return Event(id, "/test", subject, at, data)
