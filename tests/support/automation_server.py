"""A target that answers with whatever bytes it is told, and calls to it."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from desk_automation.actions.model import Attempt, Call
from desk_automation.adapters.executors.http import HttpAction


@dataclass
class Server:
    """Answers with whatever bytes it is told."""

    answer: bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    heads: list[str] = field(default_factory=list)
    port: int = 0

    is_endless: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        if self.answer != b"silence":
            writer.write(self.answer)
            await writer.drain()
            if self.is_endless:
                await reader.read()
            writer.close()
        else:
            await reader.read()
            writer.close()


async def ours() -> bool:
    """The run is still ours."""
    return True


def attempt(url: str, *, expect: str = "", timeout: float = 2.0) -> Attempt:
    action = HttpAction(method="POST", url=url, body={"device": "laptop-1"})
    call = Call(
        executor="http",
        action=action.model_dump(mode="json"),
        summary=action.summarize(),
        timeout=timedelta(seconds=timeout),
        attempts=3,
        base=timedelta(seconds=1),
        cap=timedelta(seconds=1),
    )
    return Attempt("probe" if expect else "act", "clean", call, "key-1", 1, expect)


def answer_of(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP answer that says how long it is."""
    lines = [f"HTTP/1.1 {status}", *headers, f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
