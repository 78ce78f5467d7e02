"""The desk as outsiders reach it: HTTP for people, Kafka topics for systems, nothing else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from aiokafka import AIOKafkaConsumer
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.errors import Invalid
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import new_id
from desk_contracts.topics import DEAD, RETRY
from desk_contracts.value_types import Level, SubjectKind
from desk_platform.kafka.producer import KafkaPublisher
from desk_platform.kafka.topic_reader import list_topic_names, reader
from desk_platform.settings import KafkaSettings

from desk_demo.access import Callers
from desk_demo.story import Measure, Request, ResolveProblem, Ticket, Work

# A service that restarts is back within seconds.
_MOST_TRIES = 10
_SOURCE = "/demo/monitoring"


@dataclass(frozen=True)
class Desk:
    """Addresses and clients."""

    http: httpx.AsyncClient
    callers: Callers
    publisher: KafkaPublisher
    kafka: KafkaSettings
    intake: str
    triage: str

    async def ask(self, ticket: Ticket) -> str:
        """An employee posts a ticket; its id."""
        body = ticket.model_dump(include={"title", "description", "kind", "site"})
        return await self._ticket(ticket.requester, {**body, "channel": "portal"})

    async def ask_shortly(self, requester: str, title: str) -> str:
        """The same with a title only."""
        return await self._ticket(requester, {"title": title, "channel": "portal"})

    async def _ticket(self, requester: str, body: dict[str, object]) -> str:
        url = f"{self.intake}/v1/tickets"
        who = await self.callers.introduce(requester, "employee")
        return str((await self._post(url, body, who))["id"])

    async def request(self, request: Request) -> None:
        """Another system asks on desk.requests, with the time when it really happened."""
        data = TicketRequested(
            requester=request.requester,
            title=request.title,
            service=request.service,
            impact=Level(request.impact),
            urgency=Level(request.urgency),
        )
        at = datetime.now(UTC) - timedelta(seconds=request.happened_ago)
        await self._publish(Event(new_id(), "/demo/switchboard", request.requester, at, data))

    async def measure(self, measure: Measure) -> None:
        """A monitoring system reports one value."""
        data = Measured(
            subject_kind=SubjectKind.SERVICE,
            name=measure.name,
            value=measure.value,
            unit=measure.unit,
            service=measure.service,
        )
        await self._publish(Event(new_id(), _SOURCE, measure.subject, datetime.now(UTC), data))

    async def work(self, ticket: str, work: Work) -> None:
        """A member begins, and finishes."""
        url = f"{self.intake}/v1/tickets/{ticket}"
        who = await self.callers.introduce(work.member, "member", work.team)
        await self._post(f"{url}/start", {}, who)
        await self._post(f"{url}/resolve", {"resolution": work.resolution}, who)

    async def resolve_problem(self, problem: str, action: ResolveProblem) -> None:
        """A member says that it is over."""
        url = f"{self.triage}/v1/problems/{problem}/resolve"
        who = await self.callers.introduce(action.member, "member", action.team)
        await self._post(url, {"resolution": action.resolution}, who)

    async def _post(
        self, url: str, body: dict[str, object], who: dict[str, str]
    ) -> dict[str, object]:
        """One call. 503 means later: the same again, with its key, so that it is done once."""
        headers = {**who, "Idempotency-Key": f'"{new_id()}"'}
        for _ in range(_MOST_TRIES):
            answer = await self.http.post(url, json=body, headers=headers)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return _good(answer)
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        return _good(answer)

    async def _publish(self, event: AnyEvent) -> None:
        await self.publisher.publish([Codec().encode(event)])

    @asynccontextmanager
    async def audience(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A reader of every topic of the desk, from now on."""
        names = [name for name in await list_topic_names(self.kafka) if _is_told(name)]
        async with reader(self.kafka, names) as consumer:
            await consumer.seek_to_end()
            for partition in consumer.assignment():
                await consumer.position(partition)
            yield consumer


async def next_events(consumer: AIOKafkaConsumer, codec: Codec) -> Sequence[AnyEvent]:
    """What came within the next tenth of a second."""
    events: list[AnyEvent] = []
    for records in (await consumer.getmany(timeout_ms=100)).values():
        for record in records:
            try:
                events.append(codec.decode(record.key, record.value, record.headers))
            except Invalid:
                continue  # somebody else's record; the services dead-letter it
    return events


def _is_told(name: str) -> bool:
    return name.startswith("desk.") and not name.endswith((RETRY, DEAD))


def _good(answer: httpx.Response) -> dict[str, object]:
    if answer.is_error:
        raise SystemExit(f"{answer.request.url} answered {answer.status_code}: {answer.text}")
    return dict(answer.json())
