"""What repairs act on: devices that answer well, badly, late or never, and their book."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from desk_storm.books import Act

# How a kind of device answers an act: at the first request, and at each one after it.
ANSWERS = {
    "ok": ("200", "200"),
    "lie": ("200", "200"),
    "bad": ("200", "200"),
    "cut": ("broke the line", "200"),
    "hang": ("hung", "hung"),
    "err": ("502", "502"),
    "deny": ("403", "403"),
    "context": ("broke the line", "403"),
    "junk": ("unreadable", "200"),
    "busy": ("429", "200"),
    "early": ("broke the line before", "200"),
    "moved": ("302", "200"),
    "away": ("307", "307"),
    "sick": ("503", "200"),
    "drip": ("200", "200"),
    "self": ("423", "200"),
}
KINDS = tuple(ANSWERS)
_FULL, _CLEAN = 6.0, 40.0
_HANGS_SECONDS = 12.0
_WITHOUT_EFFECT = ("307", "403", "423", "429", "503", "broke the line before")
# What goes with an answer; 9 s are enough for a disk that frees itself to take the signal back.
_MORE = {
    "423": "Retry-After: 9",
    "429": "Retry-After: 1",
    "302": "Location: /elsewhere",
    "307": "Location: /elsewhere",
}
_DRIPS_SECONDS = 0.05


@dataclass
class Targets:
    """An HTTP server that stands for every device; `acts` is its own book."""

    acts: list[Act] = field(default_factory=list)
    free: dict[str, float] = field(default_factory=dict)
    port: int = 0
    _keys: set[str] = field(default_factory=set)
    _seen: Counter[str] = field(default_factory=Counter)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """No more requests."""
        if self._server is not None:
            self._server.close()

    def measure(self, device: str, *, fills: bool) -> float:
        """Percent of the device's disk that is free now; it fills when the story says so."""
        free = self.free.setdefault(device, _CLEAN)
        if fills and free == _CLEAN:
            free = _FULL
            self._seen[device] = 0
        elif free < 15:
            free = max(3.0, free - 0.1)
        self.free[device] = free
        return free

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = _headers(head[1:])
            size = int(headers.get("content-length", "0"))
            body = json.loads(await reader.readexactly(size) or b"{}")
            method, path, _ = head[0].split(" ")
            await self._act(writer, headers, str(body["device"]), f"{method} {path}")
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # a caller that went away before it had asked
        finally:
            writer.close()

    async def _act(
        self, writer: asyncio.StreamWriter, headers: dict[str, str], device: str, line: str
    ) -> None:
        kind = device.split("-")[1]
        key, (method, path) = headers.get("idempotency-key", ""), line.split(" ")
        self._seen[device] += 1
        answer = ANSWERS[kind][min(self._seen[device], 2) - 1]
        is_known = key in self._keys and not device.startswith("once")
        effect = kind != "lie" and answer not in _WITHOUT_EFFECT and not is_known
        if kind == "self":
            self.free[device] = _CLEAN
        if effect:
            self._keys.add(key)
            if kind != "bad":
                self.free[device] = _CLEAN
        at = datetime.now(UTC)
        number = len(self.acts)
        run, token = headers.get("desk-run", ""), headers.get("desk-fencing-token", "")
        self.acts.append(
            Act(at, device, key, path, effect, at if effect else None, answer, None, run, token)
        )
        self.acts[number] = replace(self.acts[number], method=method)
        try:
            await _answer(writer, answer, pause=_DRIPS_SECONDS if kind == "drip" else 0.0)
        finally:
            self.acts[number] = replace(self.acts[number], ended_at=datetime.now(UTC))


async def _answer(writer: asyncio.StreamWriter, answer: str, *, pause: float) -> None:
    """With a pause it comes byte by byte."""
    if answer == "hung":
        await asyncio.sleep(_HANGS_SECONDS)
    elif answer == "unreadable":
        writer.write(b"HTTP/1.1 2oo OK\r\n\xff\xfe\r\n\r\n")
        await writer.drain()
    elif answer.isdigit():
        head = f"HTTP/1.1 {answer} X\r\nContent-Type: application/json\r\nContent-Length: 2"
        more = f"\r\n{_MORE[answer]}" if answer in _MORE else ""
        whole = f"{head}{more}\r\nConnection: close\r\n\r\n{{}}".encode()
        for part in (whole[n : n + 1] for n in range(len(whole))) if pause else (whole,):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.split(": ", 1) for line in lines if ": " in line)
    return {name.lower(): value for name, value in pairs}
