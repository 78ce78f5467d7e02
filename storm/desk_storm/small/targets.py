"""Devices that measure themselves, and their agents, which keep a book and answer as they like."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from desk_shared.events import AnyEvent, Event
from desk_shared.events.people import SubjectKind
from desk_shared.events.telemetry import Measured
from desk_shared.ids import new_id

from desk_storm.books import Act

# What a device's agent does with an order: `turn` breaks the line after the effect, then refuses.
MANNERS = ("ok", "lies", "breaks", "hangs", "fails", "denies", "turns")
_WELL, _SICK = 40.0, 6.0
_HANGING = 20.0
Publish = Callable[[AnyEvent], Awaitable[None]]


class Targets:
    """All devices; an effect is a disk that is empty again."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self._free: dict[str, float] = {}
        self._keys: set[str] = set()
        self._came: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One order: book it, perhaps do it, perhaps say so."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            pairs = (line.split(": ", 1) for line in head[1:] if ": " in line)
            headers = {name.lower(): value for name, value in pairs}
            body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))))
            act = self._act(body["device"], head[0].split()[1], headers)
            number = len(self.acts)
            self.acts.append(act)
            await _answer(act.answer, writer)
            self.acts[number] = replace(act, ended_at=datetime.now(UTC))
        except (OSError, asyncio.IncompleteReadError):
            return  # who asked is gone
        finally:
            writer.close()

    def _act(self, device: str, path: str, headers: dict[str, str]) -> Act:
        at, key, manner = (
            datetime.now(UTC),
            headers.get("idempotency-key", ""),
            device.split("-")[1],
        )
        self._came[device] += 1
        is_effect = manner not in ("lies", "denies") and key not in self._keys
        if is_effect:
            self._keys.add(key)
            self._free[device] = _WELL
        return Act(
            at,
            device,
            key,
            path,
            is_effect,
            at if is_effect else None,
            _answer_of(manner, self._came[device]),
            None,
            headers.get("desk-run", ""),
            headers.get("desk-fencing-token", ""),
        )

    async def live(self, device: str, agent: str, publish: Publish, delay: int) -> None:
        """Once a second say how full the disk is; after a while it is too full."""
        attributes = {"agent_url": agent} | ({"only": "1"} if device.startswith("once") else {})
        self._free[device] = _WELL
        second = 0
        while True:
            if second == delay:
                self._free[device] = _SICK
            data = Measured(
                subject_kind=SubjectKind.DEVICE,
                name="disk.free.percent",
                value=self._free[device],
                unit="%",
                service="laptop",
                person=f"{device}@desk.example",
                attributes=attributes,
            )
            await publish(Event(new_id(), "/storm/agent", device, datetime.now(UTC), data))
            await asyncio.sleep(1)
            second += 1


def _answer_of(manner: str, came: int) -> str:
    match manner:
        case "breaks":
            return "broke the line" if came < 3 else "200"
        case "turns":
            return "broke the line" if came == 1 else "403"
        case "hangs":
            return "never answered"
        case "fails":
            return "502"
        case "denies":
            return "403"
        case _:
            return "200"


async def _answer(answer: str, writer: asyncio.StreamWriter) -> None:
    if answer == "never answered":
        await asyncio.sleep(_HANGING)
    if answer.isdigit():
        head = f"HTTP/1.1 {answer} Answer\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        await writer.drain()
