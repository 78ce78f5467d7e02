"""What the HTTP side of tickets needs of the world; the service's table gives it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Protocol

from desk_charter import Charter
from desk_contracts.message import Message
from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.http import Cursors
from desk_platform.store import Documents, Stored
from desk_platform.store.files import Files
from desk_platform.store.idempotency import KeptCalls
from desk_platform.store.leases import Leases

from desk_intake.tickets.api.pasts import TeamPasts
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.sla import TicketSla

TicketRule = Callable[[Ticket | None, Context], Decision[Ticket] | None]


class TicketChanges(Protocol):
    """The way to change one ticket; answers when it is safe in the store."""

    async def change(
        self, id: str, rule: TicketRule, *, is_first: bool = False
    ) -> Stored[Ticket]: ...


class UploadedFiles(Protocol):
    """Where files for tickets are put away; those that no ticket comes to name are removed."""

    async def put(self, id: str, content: bytes, tickets: Sequence[str]) -> None: ...


class LinkableProblem(NamedTuple):
    """What of a known problem a ticket is linked by."""

    title: Message
    service: str
    team: str


FindProblem = Callable[[str], Awaitable[LinkableProblem | None]]


@dataclass(frozen=True, slots=True)
class TicketDeps:
    """Everything a route of tickets may use."""

    tickets: Documents[Ticket]
    changes: TicketChanges
    slas: Documents[TicketSla]
    charter: Callable[[], Charter]
    calls: KeptCalls
    clock: Clock
    cursors: Cursors
    close_after: timedelta
    leases: Leases
    find_problem: FindProblem
    files: Files
    uploads: UploadedFiles
    pasts: TeamPasts
