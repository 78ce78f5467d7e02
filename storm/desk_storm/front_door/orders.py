"""People who order from the catalogue, those whose yes it needs, and teams that do it."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from desk_contracts import Event
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import derive_id
from desk_contracts.value_types import SubjectKind

from desk_storm.crowd import Crowd, Who, until
from desk_storm.front_door.directory import PEOPLE, asker, device_of
from desk_storm.streams import stream

# Every so many are denied by all that are asked.
_DENIED_EVERY = 5
_MEASURED, _MEASURE_SECONDS = 40, 3.0
_ACCESS, _HARDWARE, _REBOOT = range(3)
_VOTERS = {_ACCESS: ("identity-1",), _HARDWARE: ("workplace-1", "service-care-1")}
_ALL_VOTERS = {
    _ACCESS: ("identity-1", "identity-2"),
    _HARDWARE: ("workplace-1", "workplace-2", "workplace-3", "service-care-1", "service-care-2"),
}
_ITEMS = {_ACCESS: "access", _HARDWARE: "hardware", _REBOOT: "reboot"}
_TEAMS = {_ACCESS: "identity", _HARDWARE: "workplace"}


@dataclass
class Orders:
    """Their calls stand in the crowd's book. Each asks once, so tickets can be counted."""

    crowd: Crowd
    seed: int

    async def order(self, http: httpx.AsyncClient, per_second: float) -> None:
        """New requests at a rate, until the crowd goes home; then those that were begun end."""
        number, chance = 0, stream(self.seed, "orders")
        due = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as lives:
            while not self.crowd.is_over.is_set() and number < PEOPLE:
                number += 1
                lives.create_task(self._live(http, number))
                due += chance.expovariate(per_second)
                await until(due)

    async def _live(self, http: httpx.AsyncClient, number: int) -> None:
        kind, who = number % 3, Who(asker(number))
        path = f"/v1/catalogue/{_ITEMS[kind]}/requests"
        body = {"answers": _answers(kind, number)}
        call = await self.crowd.call(http, who, path, body, f"order {number}")
        if call.status != 201:
            return
        request = json.loads(call.answer)
        pause = stream(self.seed, f"order {number}").uniform(0.5, 8)
        if kind == _REBOOT:
            await self._measure(device_of(number))
            return
        await asyncio.sleep(pause)
        is_denied = number % _DENIED_EVERY == 0
        word, voters = ("deny", _ALL_VOTERS) if is_denied else ("approve", _VOTERS)
        await self._vote(http, request, word, voters[kind], number)
        if not is_denied:
            await asyncio.sleep(pause)
            solver = Who(f"{_TEAMS[kind]}-1", "member", _TEAMS[kind])
            path = f"/v1/tickets/{request['id']}/resolve"
            await self.crowd.call(http, solver, path, {"resolution": "Done."}, f"do {number}")

    async def _vote(
        self,
        http: httpx.AsyncClient,
        request: dict[str, str],
        word: str,
        voters: Sequence[str],
        number: int,
    ) -> None:
        """All at the same time, and each once; the last ones may come too late."""
        path, body = f"/v1/requests/{request['id']}/{word}", {"digest": request["digest"]}
        async with asyncio.TaskGroup() as group:
            for name in voters:
                action = f"order {number} {word} {name}"
                group.create_task(self.crowd.call(http, Who(name), path, body, action))

    async def _measure(self, device: str) -> None:
        """It tells for a while that it has just been started."""
        due = asyncio.get_running_loop().time()
        for number in range(_MEASURED):
            if self.crowd.are_devices_over.is_set():
                return
            data = Measured(
                subject_kind=SubjectKind.DEVICE,
                name="device.uptime.minutes",
                value=1.0,
                unit="min",
            )
            id = derive_id(f"{self.seed} {device}", "uptime", number)
            await self.crowd.publish(Event(id, "/storm/agent", device, datetime.now(UTC), data))
            due += _MEASURE_SECONDS
            await until(due)


def _answers(kind: int, number: int) -> dict[str, str]:
    purpose = "The report of the storm"
    if kind == _ACCESS:
        return {"resource": f"share {number}", "right": "read", "purpose": purpose}
    if kind == _HARDWARE:
        return {"kind": "monitor", "purpose": purpose}
    return {"device": device_of(number)}
