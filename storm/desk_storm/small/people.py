"""People who ask and members who answer, each call repeated under its key until it is answered."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from desk_shared.ids import new_id

from desk_storm.books import HttpCall

_TITLES = (
    "My laptop is slow",
    "VPN does not connect",
    "I forgot my password",
    "The printer prints blank pages",
)
_MOST_TRIES, _PAUSE = 300, 0.2
_MEMBER = {"X-Desk-User": "network-1", "X-Desk-Roles": "member", "X-Desk-Team": "network"}


@dataclass
class People:
    """All callers and their book."""

    http: httpx.AsyncClient
    calls: list[HttpCall] = field(default_factory=list)
    is_over: bool = False
    _work: set[asyncio.Task[None]] = field(default_factory=set)

    async def ask(self, number: int) -> None:
        """One ticket after the other; somebody works on each."""
        turn = 0
        while not self.is_over:
            turn += 1
            who = {"X-Desk-User": f"person-{number}@desk.example", "X-Desk-Roles": "employee"}
            title = f"{_TITLES[number % len(_TITLES)]} {number}/{turn}"
            call = await self._call("/v1/tickets", {"title": title, "channel": "portal"}, who)
            if call.status == 201:
                self._spawn(self._treat(str(json.loads(call.answer)["id"]), turn))
            await asyncio.sleep(0.5)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _treat(self, ticket: str, turn: int) -> None:
        """Some are answered, some wait for their requester, some are solved; some are not."""
        path = f"/v1/tickets/{ticket}"
        await asyncio.sleep(3 + turn % 4)
        if turn % 3:
            note: dict[str, object] = {"text": f"We look at {ticket}.", "public": True}
            await self._call(f"{path}/notes", note, _MEMBER)
        if turn % 4 == 0:
            await self._call(f"{path}/pause", {"waiting_for": "employee"}, _MEMBER)
            await asyncio.sleep(2)
            await self._call(f"{path}/resume", {}, _MEMBER)
        if turn % 2:
            await self._call(f"{path}/resolve", {"resolution": "It works again."}, _MEMBER)

    async def _call(self, path: str, body: dict[str, object], who: dict[str, str]) -> HttpCall:
        key, at = new_id(), datetime.now(UTC)
        headers = {**who, "Idempotency-Key": f'"{key}"'}
        answers: list[int | None] = []
        text = ""
        while len(answers) < _MOST_TRIES:
            try:
                answer = await self.http.post(path, json=body, headers=headers)
            except httpx.TransportError:
                answers.append(None)
            else:
                answers.append(answer.status_code)
                text = answer.text
                if answer.status_code not in (429, 503):
                    break
            await asyncio.sleep(_PAUSE)
        call = HttpCall(
            at,
            datetime.now(UTC),
            key,
            who["X-Desk-User"],
            "POST",
            path,
            json.dumps(body),
            answers[-1],
            text,
            len(answers),
            tuple(answers),
        )
        self.calls.append(call)
        return call
