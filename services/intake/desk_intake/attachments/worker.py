"""Puts files away for tickets, and removes those that no ticket came to name.

A call may be refused, or die, between the bytes and the event. So a file is remembered first; once
no call can name it any more it is looked for in its tickets, and removed if it is in none.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.timers import Report
from desk_platform.store import Documents, readable
from desk_platform.store.files import CHUNK, Files
from desk_platform.telemetry import get_logger

from desk_intake.attachments import uploads
from desk_intake.attachments.model import Upload, UploadList
from desk_intake.tickets.model import Ticket

log = get_logger()


@dataclass(frozen=True, slots=True)
class UploadDesk:
    """All bytes for tickets go through here."""

    files: Files
    lists: CommandQueue[UploadList]
    tickets: Documents[Ticket]
    clock: Clock

    async def put(self, id: str, content: bytes, tickets: Sequence[str]) -> None:
        """Keep the file for one of these tickets; `Transient` while the same one is examined."""

        def rule(listed: UploadList | None, context: Context) -> Decision[UploadList]:
            return uploads.remember(listed, id, tuple(tickets), context.now)

        await self.lists.change(uploads.list_of(id), rule)
        await self.files.put(id, _pieces_of(content))

    async def on_timer(self, ids: Iterable[str], _report: Report) -> None:
        """Look through these lists."""
        for id in ids:
            await self._look_through(id)

    async def _look_through(self, id: str) -> None:
        marked = await self.lists.change(
            id, lambda listed, context: uploads.examine(listed, context.now)
        )
        examined = [it for it in marked.state.uploads if it.is_examined] if marked.state else []
        settled = frozenset([it.id for it in examined if await self._settle(it)])
        await self.lists.change(
            id, lambda listed, context: uploads.settle(listed, settled, context.now)
        )

    async def _settle(self, upload: Upload) -> bool:
        """False where it cannot be known whether a ticket names it: then its bytes stay."""
        stored, unreadable = await readable(self.tickets, upload.tickets)
        if unreadable:
            return False
        tickets = [item.state for item in stored.values() if item.state is not None]
        if not any(file.id == upload.id for ticket in tickets for file in ticket.attachments):
            await self.files.delete(upload.id)
            log.info("file_of_no_ticket_removed", file=upload.id)
        return True


async def _pieces_of(content: bytes) -> AsyncIterator[bytes]:
    """As the port of files takes them."""
    for begin in range(0, len(content), CHUNK):
        yield content[begin : begin + CHUNK]
