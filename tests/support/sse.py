"""A client of server-sent events: reads the lines of a stream as a browser would."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass
class Stream:
    """One open stream. `last_id` is what a browser would come back with."""

    lines: AsyncIterator[str]
    status: int
    headers: httpx.Headers
    last_id: str = ""

    async def next(self) -> tuple[str, dict[str, Any]] | None:
        """The next event's name and data; None at the end. What only moves the id is passed."""
        name, data = "message", ""
        async for line in self.lines:
            if not line:
                if data:
                    return name, json.loads(data)
                name = "message"
                continue
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data += value
        return None

    async def take(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """So many events."""
        taken = [await self.next() for _ in range(count)]
        return [item for item in taken if item is not None]


@asynccontextmanager
async def follow(
    url: str, path: str, who: dict[str, str], last_id: str = ""
) -> AsyncIterator[Stream]:
    """An open stream; the first line with an id is there when it is given."""
    headers = who | ({"Last-Event-ID": last_id} if last_id else {})
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client,
        client.stream("GET", f"/v1/live{path}") as answer,
    ):
        yield Stream(answer.aiter_lines(), answer.status_code, answer.headers, last_id)
