"""What intake's HTTP side needs of the world; `main` gives it the real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from desk_shared.bus import Publisher
from desk_shared.charter import Charter
from desk_shared.clock import Clock
from desk_shared.http import Cursors
from desk_shared.kernel import Context, Decision
from desk_shared.store import Documents, Stored
from desk_shared.store.kept_calls import KeptCalls

from desk_intake.domain.feedback import Feedback
from desk_intake.domain.model import Ticket
from desk_intake.domain.problem import KnownProblem
from desk_intake.domain.sla import TicketSla

TicketRule = Callable[[Ticket | None, Context], Decision[Ticket] | None]
FeedbackRule = Callable[[Feedback | None, Context], Decision[Feedback] | None]


class TicketChanges(Protocol):
    """The way to change one ticket; answers when it is safe in the store."""

    async def change(
        self, id: str, rule: TicketRule, *, is_first: bool = False
    ) -> Stored[Ticket]: ...


class FeedbackChanges(Protocol):
    """The way to note what somebody says; answers when it is safe in the store."""

    async def change(
        self, id: str, rule: FeedbackRule, *, is_first: bool = False
    ) -> Stored[Feedback]: ...


@dataclass(frozen=True, slots=True)
class IntakeDeps:
    """Everything a route may use."""

    tickets: Documents[Ticket]
    changes: TicketChanges
    feedback: FeedbackChanges
    problems: Documents[KnownProblem]
    slas: Documents[TicketSla]
    charter: Callable[[], Charter]
    publisher: Publisher
    calls: KeptCalls
    clock: Clock
    cursors: Cursors
    close_after: timedelta
