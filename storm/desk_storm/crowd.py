"""People who ask and solve, systems that request, devices that measure: all outside the desk."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from desk_shared.bus.producer import KafkaPublisher
from desk_shared.errors import DependencyDown
from desk_shared.events import AnyEvent, Codec, Event
from desk_shared.events.people import SubjectKind
from desk_shared.events.requests import TicketRequested
from desk_shared.events.telemetry import Measured
from desk_shared.ids import new_id

from desk_storm.books import HttpCall, Sent
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


@dataclass(frozen=True)
class Who:
    """Who calls; a team only for its members."""

    person: str
    role: str = "employee"
    team: str = ""

    def headers(self, key: str) -> dict[str, str]:
        told = {
            "X-Desk-User": self.person,
            "X-Desk-Roles": self.role,
            "Idempotency-Key": f'"{key}"',
        }
        return {**told, "X-Desk-Team": self.team} if self.team else told


_SOLVER = Who("network-1", "member", "network")


@dataclass
class Crowd:
    """Everybody outside; `calls` and `sent` are their books."""

    intakes: Sequence[str]
    publisher: KafkaPublisher
    targets: Targets
    chance: random.Random
    calls: list[HttpCall] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    tickets: int = 0
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    are_devices_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, http: httpx.AsyncClient, per_second: float) -> None:
        """New tickets at a rate; each then lives its own life."""
        number = 0
        async with asyncio.TaskGroup() as lives:
            while not self.is_over.is_set():
                number += 1
                lives.create_task(self._life(http, number))
                await asyncio.sleep(self.chance.expovariate(per_second))

    async def _life(self, http: httpx.AsyncClient, number: int) -> None:
        title = f"{_TITLES[number % len(_TITLES)]} {number}"
        who = Who(f"person-{number % 500}@desk.example")
        asked = {"title": title, "channel": "portal"}
        opened = await self._call(http, who, "/v1/tickets", asked)
        if opened.status != 201:
            return
        self.tickets += 1
        url = f"/v1/tickets/{json.loads(opened.answer)['id']}"
        if number % 10 == 0:
            return  # nobody cares for some; their clocks must be told breached
        await asyncio.sleep(self.chance.uniform(2, 22))
        if number % 3:
            said = {"text": f"We look at it {number}", "public": True}
            await self._call(http, _SOLVER, f"{url}/start", {})
            await self._call(http, _SOLVER, f"{url}/notes", said)
        if number % 8 == 0:
            if number % 3 == 0:
                await self._call(http, _SOLVER, f"{url}/start", {})
            await self._call(http, _SOLVER, f"{url}/pause", {"waiting_for": "employee"})
            await asyncio.sleep(3)
            await self._call(http, _SOLVER, f"{url}/resume", {})
        if number % 4:
            await self._call(http, _SOLVER, f"{url}/resolve", {"resolution": "Done."})

    async def _call(
        self, http: httpx.AsyncClient, who: Who, path: str, body: Mapping[str, object]
    ) -> HttpCall:
        """Ask any replica until one answers, always under the same key."""
        key, at = new_id(), datetime.now(UTC)
        answers: list[int | None] = []
        last: httpx.Response | None = None
        while len(answers) < _TRIES:
            base = self.chance.choice(self.intakes)
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
        number = 0
        while not self.is_over.is_set():
            number += 1
            data = TicketRequested(requester="monitor", title=f"The ERP answers slowly {number}")
            event = Event(new_id(), "/storm/monitor", "monitor", datetime.now(UTC), data)
            if await self._publish(event):
                self.tickets += 1
            await asyncio.sleep(self.chance.expovariate(per_second))

    async def measure(self, device: str, behind: timedelta) -> None:
        """A device tells how much of its disk is free, by its own clock, which may be wrong."""
        # Even in the shortest storm each fills up once.
        number = self.chance.randrange(_FILLS_EVERY // 2, _FILLS_EVERY)
        more = {"only": "1"} if device.startswith("once") else {}
        url = f"http://127.0.0.1:{self.targets.port}"
        while not self.are_devices_over.is_set():
            number += 1
            fills = number % _FILLS_EVERY == 0 and not self.is_over.is_set()
            data = Measured(
                subject_kind=SubjectKind.DEVICE,
                name="disk.free.percent",
                value=self.targets.measure(device, fills=fills),
                unit="%",
                service="laptop",
                person=f"owner-{device}@desk.example",
                attributes={"agent_url": url, **more},
            )
            at = datetime.now(UTC) - behind
            if number % _GLITCHES_EVERY == 0:
                at += _GLITCH
            await self._publish(Event(new_id(), "/storm/agent", device, at, data))
            await asyncio.sleep(_MEASURE_SECONDS)

    async def _publish(self, event: AnyEvent) -> bool:
        at, is_acknowledged = datetime.now(UTC), False
        while not is_acknowledged and not self.are_devices_over.is_set():
            try:
                await self.publisher.publish([Codec().encode(event)])
                is_acknowledged = True
            except DependencyDown:
                await asyncio.sleep(_AGAIN_SECONDS)
        self.sent.append(Sent(event, at, is_acknowledged))
        return is_acknowledged


def _is_asked_twice(key: str) -> bool:
    """Every eighth caller does not believe the first answer and sends the same call again."""
    return key[-1] in "08"


def _is_to_repeat(answer: httpx.Response) -> bool:
    """Told to come again; a 409 is repeated only where the first try may still be at work."""
    if answer.status_code == 409:
        return "in-progress" in answer.text or "in progress" in answer.text
    return answer.status_code in _AGAIN
