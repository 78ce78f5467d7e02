"""Hands each event of a ticket to those who follow it, each in a bounded queue of their own."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from desk_contracts.errors import Invalid
from desk_contracts.message import Message, message
from desk_platform.kafka.log_position import LogPosition
from desk_platform.kafka.recent_records import ReadEvent
from desk_platform.kafka.topic_tail import LostPosition, TopicTail
from desk_platform.store import Documents, readable
from fastapi.sse import ServerSentEvent

from desk_intake.live.decide import list_audiences, list_entries
from desk_intake.live.model import REASONS, Audience, Reason, ResetUpdate, TicketUpdate
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Ticket
from desk_intake.tickets.view import Reader, show_entry

# What waits for one who reads slowly. Past this they are cut off, and come back with their id.
MAX_WAITING = 256
# Proxies close what is silent for a minute; three times as often.
HEARTBEAT = timedelta(seconds=15)
# A sign-in, a role and a team are looked at anew when the reader comes back.
LONGEST = timedelta(minutes=10)
# Readers that came at once do not come back at once: the last of so many stay a tenth longer.
_SPREAD = 60
_RETRY_MS = 2_000
# Of a gap so many events are looked at together, and by so many readers at once: after a replica
# died all of its readers come back in one moment, and the tickets of a gap can be thousands.
CHUNK = 50
_LOOKING_AT_ONCE = 4
_WHY: Mapping[Reason, Message] = {
    "unreadable": message("live.unreadable"),
    "other-log": message("live.other-log"),
    "too-far-behind": message("live.too-far-behind"),
}


class Followed(NamedTuple):
    """An event and its ticket as it is now."""

    record: ReadEvent
    ticket: Ticket


@dataclass(eq=False)
class Listener:
    """Somebody who follows an audience."""

    audience: Audience
    actor: Callable[[], Actor]
    """Who reads, with what they may see at this moment."""
    reader: Reader
    waiting: deque[Followed] = field(default_factory=deque)
    is_over: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, followed: Followed) -> None:
        """One more; who has too many waiting is cut off and misses none, for they come back."""
        if len(self.waiting) >= MAX_WAITING:
            self.end()
        elif not self.is_over:
            self.waiting.append(followed)
            self._changed.set()

    def end(self) -> None:
        """No more of them, and what waits is told again to whoever comes back."""
        self.is_over = True
        self._changed.set()

    async def wait(self, span: timedelta) -> None:
        """Until there is something, or the span is over."""
        if not self.waiting and not self.is_over:
            self._changed.clear()
            try:
                async with asyncio.timeout(span.total_seconds()):
                    await self._changed.wait()
            except TimeoutError:
                return


class LiveTickets:
    """Those who follow tickets at this replica."""

    def __init__(
        self, tail: TopicTail, tickets: Documents[Ticket], longest: timedelta = LONGEST
    ) -> None:
        self._tail, self._tickets, self._longest = tail, tickets, longest
        self._listeners: dict[Audience, set[Listener]] = defaultdict(set)
        self._count = 0
        self._loaded: dict[str, Ticket] | None = None
        self._looking = asyncio.Semaphore(_LOOKING_AT_ONCE)
        tail.prepare, tail.hand_over, tail.on_reset = self._load, self._hand_over, self._end_all
        tail.is_followed = lambda: bool(self._listeners)

    async def _load(self, batch: Sequence[ReadEvent]) -> None:
        """The tickets of a batch as they are now; None where nobody follows any."""
        self._loaded = await self._tickets_of(batch) if self._listeners else None

    async def _tickets_of(self, batch: Sequence[ReadEvent]) -> dict[str, Ticket]:
        stored, _unreadable = await readable(
            self._tickets, list({record.event.subject for record in batch})
        )
        return {id: item.state for id, item in stored.items() if item.state is not None}

    def _hand_over(self, batch: Sequence[ReadEvent]) -> None:
        if self._loaded is None:
            if batch:
                self._end_all()  # they came while the batch was looked at: they come again
            return
        for record in batch:
            ticket = self._loaded.get(record.event.subject)
            if ticket is None:
                continue
            for audience in list_audiences(ticket, record.event):
                for listener in self._listeners.get(audience, ()):
                    listener.hear(Followed(record, ticket))

    def _end_all(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()

    async def prepare(self) -> None:
        """To be awaited before `follow`; `Transient` if the end of the log cannot be read."""
        await self._tail.catch_up()

    async def follow(
        self, listener: Listener, last_id: str
    ) -> AsyncGenerator[ServerSentEvent, None]:
        """What happened since `last_id`, and what happens from now on, until the listener ends."""
        # At once and together: what comes later is in the queue, all before it is behind `now`.
        now = self._tail.position
        self._listeners[listener.audience].add(listener)
        self._count += 1
        longest = self._longest * (1 + self._count % _SPREAD / (10 * _SPREAD))
        try:
            position, reset = _read_position(last_id, now)
            # An id and nothing else: a reader that is cut off before the first update has it.
            yield ServerSentEvent(id=position.text, retry=_RETRY_MS)
            try:
                async with aclosing(self._replay(listener, position, now)) as replay:
                    async for followed in replay:
                        position = position.after(followed.record.partition, followed.record.offset)
                        if (update := _tell(listener, followed, position)) is not None:
                            yield update
            except LostPosition as lost:
                position, reset = now, REASONS[str(lost.fields["reason"])]
            if reset is not None:
                text = listener.reader.say(_WHY[reset])
                data = ResetUpdate(reason=reset, text=text).model_dump_json()
                yield ServerSentEvent(event="reset", id=now.text, raw_data=data)
            async for update in self._go_on(listener, position.join(now), longest):
                yield update
        finally:
            self._listeners[listener.audience].discard(listener)
            if not self._listeners[listener.audience]:
                del self._listeners[listener.audience]

    async def _replay(
        self, listener: Listener, since: LogPosition, now: LogPosition
    ) -> AsyncGenerator[Followed, None]:
        async with aclosing(self._tail.read_between(since, now)) as batches:
            async for batch in batches:
                about = [it for it in batch if listener.audience.may_hear(it.event.subject)]
                for begin in range(0, len(about), CHUNK):
                    chunk = about[begin : begin + CHUNK]
                    for followed in await self._choose(chunk, listener.audience):
                        yield followed

    async def _choose(self, chunk: Sequence[ReadEvent], audience: Audience) -> list[Followed]:
        """Those that are for the audience; the tickets of the others are let go of here."""
        async with self._looking:
            tickets = await self._tickets_of(chunk)
        return [
            Followed(record, ticket)
            for record in chunk
            if (ticket := tickets.get(record.event.subject)) is not None
            and audience in list_audiences(ticket, record.event)
        ]

    async def _go_on(
        self, listener: Listener, position: LogPosition, longest: timedelta
    ) -> AsyncGenerator[ServerSentEvent, None]:
        now = asyncio.get_running_loop().time
        until = now() + longest.total_seconds()
        while not listener.is_over and now() < until:
            await listener.wait(HEARTBEAT)
            if not listener.waiting and not listener.is_over:
                # All that was read has been told: the id moves on, and no update comes of it.
                position = position.join(self._tail.position)
                yield ServerSentEvent(id=position.text, comment="still here")
            while listener.waiting and not listener.is_over:
                followed = listener.waiting.popleft()
                if followed.record.is_before(position):
                    continue  # it came from a replica that was ahead of this one
                position = position.after(followed.record.partition, followed.record.offset)
                if (update := _tell(listener, followed, position)) is not None:
                    yield update


def _read_position(last_id: str, now: LogPosition) -> tuple[LogPosition, Reason | None]:
    """Where to go on, and why that is not where the reader was."""
    if not last_id:
        return now, None
    try:
        since = LogPosition.parse(last_id)
    except Invalid:
        return now, "unreadable"
    return (since, None) if since.made == now.made else (now, "other-log")


def _tell(listener: Listener, followed: Followed, position: LogPosition) -> ServerSentEvent | None:
    """The event for this reader; None if nothing of it is for them."""
    ticket, event = followed.ticket, followed.record.event
    entries = list_entries(ticket, event, listener.actor())
    if not entries:
        return None
    update = TicketUpdate(
        ticket=ticket.id,
        code=ticket.code,
        title=ticket.title,
        service=ticket.service,
        sequence=event.sequence or 0,
        event=event.id,
        entries=tuple(show_entry(entry, listener.reader) for entry in entries),
    )
    return ServerSentEvent(event="ticket", id=position.text, raw_data=update.model_dump_json())
