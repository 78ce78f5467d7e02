"""Fetch sessions (KIP-227), which aiokafka lacks: a broker remembers what a consumer fetches.

A consumer of forty partitions would write and read a line for each of them with every record that
comes. In a session only those are sent whose place has changed, and answered that have news.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11

# Of a partition: number, epoch of its leader, offset to fetch from, first offset of a log, bytes.
_Line = tuple[int, int, int, int, int]

_FIRST, _LAST_EPOCH = 1, 2**31 - 1


def keep_sessions(consumer: AIOKafkaConsumer) -> "FetchSessions":
    """From now on this consumer fetches in sessions."""
    client = consumer._client  # noqa: SLF001 (nothing public sends)
    sessions = FetchSessions(consumer, client.send)
    client.send = sessions.send
    return sessions


class FetchSessions:
    """The sessions of one consumer, by broker."""

    def __init__(self, consumer: AIOKafkaConsumer, send: Callable[..., Awaitable[Any]]) -> None:
        self._consumer, self._send = consumer, send
        self._by_broker: dict[int, FetchSession] = {}
        # Cleared while more is to gather at the brokers before it is fetched.
        self.are_due = asyncio.Event()
        self.are_due.set()

    async def send(self, node: int, request: object, **more: object) -> Any:
        """As aiokafka's client; a fetch is one in the broker's session."""
        if not isinstance(request, FetchRequest):
            return await self._send(node, request, **more)
        await self.are_due.wait()
        # Gone until it is answered: whoever gives up does not know what the broker remembers.
        session = self._by_broker.pop(node, None) or FetchSession()
        fetch = SessionFetch(request, session)
        response = await self._send(node, fetch, **more)
        # A broker without room for a session says 0, one that has forgotten it says so; then all
        # is asked for anew.
        if (id := getattr(response, "session_id", 0)) and not response.error_code:
            self._by_broker[node] = FetchSession(id, session.next_epoch, fetch.offsets)
            self._note_answered(fetch.offsets)
        return response

    def _note_answered(self, partitions: Iterable[TopicPartition]) -> None:
        """What the answer leaves out has no news until now."""
        subscription = self._consumer._subscription.subscription  # noqa: SLF001 (nothing public notes it)
        assignment = None if subscription is None else subscription.assignment
        now = int(1000 * time.time())
        for partition in partitions:
            if assignment is not None and partition in assignment.tps:
                assignment.state_value(partition).timestamp = now


class FetchSession:
    """What a broker remembers of this consumer: from where on which partitions are fetched."""

    def __init__(
        self, id: int = 0, epoch: int = 0, offsets: Mapping[TopicPartition, int] | None = None
    ) -> None:
        self.id, self.epoch, self.offsets = id, epoch, offsets or {}

    @property
    def next_epoch(self) -> int:
        return self.epoch + 1 if self.epoch < _LAST_EPOCH else _FIRST


class SessionFetch:
    """A fetch that says only what has changed since the last one of its session."""

    def __init__(self, request: FetchRequest, session: FetchSession) -> None:
        self._request, self._session = request, session
        self.offsets = {
            TopicPartition(topic, number): offset
            for topic, partitions in request.topics
            for number, offset, _ in partitions
        }

    def prepare(self, versions: Mapping[int, tuple[int, int]]) -> Any:
        """As aiokafka's requests; a broker before 2.3 is asked without a session."""
        form = self._request.prepare(versions)
        if isinstance(form, FetchRequest_v11):
            before = self._session.offsets
            form.session_id, form.session_epoch = self._session.id, self._session.epoch
            form.topics = list(_leave_out(form.topics, before))
            form.forgotten_topics_data = [
                (topic, [number]) for topic, number in before.keys() - self.offsets.keys()
            ]
        return form


def _leave_out(
    topics: Iterable[tuple[str, Sequence[_Line]]], offsets: Mapping[TopicPartition, int]
) -> Iterator[tuple[str, Sequence[_Line]]]:
    """What a broker does not know of already."""
    for topic, lines in topics:
        changed = [line for line in lines if offsets.get(TopicPartition(topic, line[0])) != line[2]]
        if changed:
            yield topic, changed
