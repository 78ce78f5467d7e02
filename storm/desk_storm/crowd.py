"""People who ask and solve, systems that request, devices that measure: all outside the desk."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.errors import DependencyDown
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import derive_id
from desk_contracts.value_types import SubjectKind
from desk_platform.kafka.producer import KafkaPublisher

from desk_storm.books import HttpCall, Sent
from desk_storm.streams import stream
from desk_storm.targets import Targets

_TITLES = (
    "My laptop is slow",
    "VPN does not connect",
    "I forgot my password",
    "The printer prints blank pages",
)
_AGAIN_SECONDS, _TRIES = 0.3, 600
_AGAIN = (409, 429, 503)
# A device is measured this often, and fills up this many measurements after the last time.
_MEASURE_SECONDS, _FILLS_EVERY = 2.0, 30
# A device's clock that jumps ahead for one measurement.
_GLITCHES_EVERY, _GLITCH = 47, timedelta(hours=1)
# Shares of measurements: sent twice, and on their way for up to so many measurements more.
_COPIED, _LATE, _LATEST = 0.06, 0.08, 6
# Every so many requests of systems are sent twice.
_REPEATED_EVERY = 9


@dataclass(frozen=True)
class Who:
    """Who calls; a team only for its members."""

    person: str
    role: str = "employee"
    team: str = ""

    def headers(self, key: str) -> dict[str, str]:
        fields = {
            "X-Desk-User": self.person,
            "X-Desk-Roles": self.role,
            "Idempotency-Key": f'"{key}"',
        }
        return {**fields, "X-Desk-Team": self.team} if self.team else fields


_SOLVER = Who("network-1", "member", "network")


@dataclass
class Crowd:
    """Everybody outside; `calls` and `sent` are their books.

    Who asks what, when and under which key is drawn from the seed, for each of them apart.
    """

    intakes: Sequence[str]
    publisher: KafkaPublisher
    targets: Targets
    seed: int
    calls: list[HttpCall] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    tickets: int = 0
    measured_every: float = _MEASURE_SECONDS
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    are_devices_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, http: httpx.AsyncClient, per_second: float) -> None:
        """New tickets at a rate; each then lives its own life."""
        number, chance = 0, stream(self.seed, "people")
        due = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as lives:
            while not self.is_over.is_set():
                number += 1
                lives.create_task(self._life(http, number))
                due += chance.expovariate(per_second)
                await until(due)

    async def _life(self, http: httpx.AsyncClient, number: int) -> None:
        title = f"{_TITLES[number % len(_TITLES)]} {number}"
        pause = stream(self.seed, f"person {number}").uniform(2, 22)
        who = Who(f"person-{number % 500}@desk.example")
        ticket = {"title": title, "channel": "portal"}
        opened = await self.call(http, who, "/v1/tickets", ticket, f"{number} open")
        if opened.status != 201:
            return
        self.tickets += 1
        url = f"/v1/tickets/{json.loads(opened.answer)['id']}"
        if number % 10 == 0:
            return  # nobody cares for some; their clocks must be told breached
        await asyncio.sleep(pause)
        if number % 3:
            comment = {"text": f"We look at it {number}", "public": True}
            await self.call(http, _SOLVER, f"{url}/start", {}, f"{number} start")
            await self.call(http, _SOLVER, f"{url}/comments", comment, f"{number} comment")
        if number % 8 == 0:
            if number % 3 == 0:
                await self.call(http, _SOLVER, f"{url}/start", {}, f"{number} start")
            waits = {"waiting_for": "employee"}
            await self.call(http, _SOLVER, f"{url}/pause", waits, f"{number} pause")
            await asyncio.sleep(3)
            await self.call(http, _SOLVER, f"{url}/resume", {}, f"{number} resume")
        if number % 4:
            done = {"resolution": "Done."}
            await self.call(http, _SOLVER, f"{url}/resolve", done, f"{number} resolve")

    async def call(
        self, http: httpx.AsyncClient, who: Who, path: str, body: Mapping[str, object], action: str
    ) -> HttpCall:
        """Ask any replica until one answers, always under the same key."""
        key, at = derive_id(f"{self.seed}", action), datetime.now(UTC)
        chance = stream(self.seed, action)
        answers: list[int | None] = []
        last: httpx.Response | None = None
        while len(answers) < _TRIES:
            base = chance.choice(self.intakes)
            try:
                last = await http.post(base + path, json=body, headers=who.headers(key))
                answers.append(last.status_code)
            except httpx.TransportError:
                last = None
                answers.append(None)
            is_believed = len(answers) > 1 or not _is_asked_twice(key)
            if last is not None and is_believed and not _is_to_repeat(last):
                break
            await asyncio.sleep(_AGAIN_SECONDS)
        status = None if last is None else last.status_code
        text = "" if last is None else last.text
        call = HttpCall(
            at,
            datetime.now(UTC),
            key,
            who.person,
            "POST",
            path,
            json.dumps(body),
            status,
            text,
            len(answers),
            tuple(answers),
        )
        self.calls.append(call)
        return call

    async def request(self, per_second: float) -> None:
        """A system that asks over the bus, and again until it is acknowledged."""
        number, chance = 0, stream(self.seed, "systems")
        due = asyncio.get_running_loop().time()
        while not self.is_over.is_set():
            number += 1
            id = derive_id(f"{self.seed}", "request", number)
            data = TicketRequested(requester="monitor", title=f"The ERP answers slowly {number}")
            event = Event(id, "/storm/monitor", "monitor", datetime.now(UTC), data)
            copies = 2 if number % _REPEATED_EVERY == 0 else 1
            if await self.publish(event, copies=copies):
                self.tickets += 1
            due += chance.expovariate(per_second)
            await until(due)

    async def measure(self, device: str, behind: timedelta) -> None:
        """A device tells how much of its disk is free, by its own clock, which may be wrong.

        Some of what it tells comes twice, some late and after what was measured later.
        """
        chance = stream(self.seed, f"device {device}")
        # Even in the shortest storm each fills up once.
        number = chance.randrange(_FILLS_EVERY // 2, _FILLS_EVERY)
        due = asyncio.get_running_loop().time()
        late: list[tuple[int, datetime, AnyEvent]] = []
        while not self.are_devices_over.is_set():
            number += 1
            made, event = datetime.now(UTC), self._measured(device, number, behind)
            luck, after = chance.random(), chance.randint(1, _LATEST)
            if _COPIED <= luck < _COPIED + _LATE:
                late.append((number + after, made, event))
            else:
                await self.publish(event, made, copies=2 if luck < _COPIED else 1)
            for entry in [item for item in late if item[0] <= number]:
                late.remove(entry)
                await self.publish(entry[2], entry[1])
            due += self.measured_every
            await until(due)

    def _measured(self, device: str, number: int, behind: timedelta) -> AnyEvent:
        fills = number % _FILLS_EVERY == 0 and not self.is_over.is_set()
        more = {"only": "1"} if device.startswith("once") else {}
        data = Measured(
            subject_kind=SubjectKind.DEVICE,
            name="disk.free.percent",
            value=self.targets.measure(device, fills=fills),
            unit="%",
            service="laptop",
            person=f"owner-{device}@desk.example",
            attributes={"agent_url": f"http://127.0.0.1:{self.targets.port}", **more},
        )
        at = datetime.now(UTC) - behind
        if number % _GLITCHES_EVERY == 0:
            at += _GLITCH
        id = derive_id(f"{self.seed} {device}", "measurement", number)
        return Event(id, "/storm/agent", device, at, data)

    async def publish(
        self, event: AnyEvent, made: datetime | None = None, *, copies: int = 1
    ) -> bool:
        """Until it is acknowledged; the book says once what was sent in copies."""
        at, is_acknowledged = made or datetime.now(UTC), False
        while not is_acknowledged and not self.are_devices_over.is_set():
            try:
                await self.publisher.publish([Codec().encode(event)] * copies)
                is_acknowledged = True
            except DependencyDown:
                await asyncio.sleep(_AGAIN_SECONDS)
        self.sent.append(Sent(event, at, is_acknowledged))
        return is_acknowledged


def _is_asked_twice(key: str) -> bool:
    """Every eighth caller does not believe the first answer and sends the same call again."""
    return key[-1] in "08"


async def until(due: float) -> None:
    """Wait for a moment of the loop's clock; who is late goes on at once and is in time again."""
    await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))


def _is_to_repeat(answer: httpx.Response) -> bool:
    """Told to come again; a 409 is repeated only where the first try may still be at work."""
    if answer.status_code == 409:
        return "in-progress" in answer.text or "in progress" in answer.text
    return answer.status_code in _AGAIN
