"""What a rule concludes: the new state, the events that follow, and when to look again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from desk_shared.events import AnyEvent
from pydantic import BaseModel

S = TypeVar("S", bound=BaseModel)

SOURCE = "/desk/triage"


@dataclass(frozen=True, slots=True)
class Outcome(Generic[S]):
    """`due` is the whole next moment at which the document wants to be looked at again."""

    state: S
    events: tuple[AnyEvent, ...] = ()
    due: datetime | None = None
