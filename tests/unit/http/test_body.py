"""What bodies of all calls together may take, from their first byte to the end of their call."""

import asyncio
import gc
import re
import weakref

import pytest
from desk_platform.http.body import Bodies, Uploads
from desk_platform.http.gate import Gate
from desk_platform.http.middleware import Edge
from desk_platform.http.rates import RateLimits
from desk_platform.http.refusals import Overloaded, TooLarge
from desk_platform.http.streams import LEAVE_KEY
from desk_platform.precedence import Precedence
from desk_platform.settings.http import HttpSettings
from desk_testing.telemetry import record_telemetry
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

FILES = Uploads(re.compile("/files"), 10)


def pieces(*parts: bytes) -> Receive:
    messages: list[Message] = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, 1)
    ]

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return receive


@pytest.mark.parametrize("parts", [(b"12345678",), (b"1234", b"5678")], ids=("whole", "in parts"))
async def test_a_body_counts_until_its_call_ends(parts: tuple[bytes, ...]) -> None:
    bodies = Bodies(limit=5, most=12, uploads=FILES)
    with bodies.hold() as first:
        read = await first.read(pieces(*parts), None, "/files")
        assert (await read())["body"] == b"12345678"
        assert bodies.held == 8
        with pytest.raises(Overloaded), bodies.hold() as second:
            await second.read(pieces(*parts), None, "/files")
        assert bodies.held == 8
    assert bodies.held == 0
    with bodies.hold() as third:
        await third.read(pieces(*parts), None, "/files")


async def test_what_is_refused_is_held_no_longer() -> None:
    bodies = Bodies(limit=5, most=12, uploads=FILES)
    with pytest.raises(TooLarge), bodies.hold() as body:
        await body.read(pieces(b"123456"), None, "/other")
    with pytest.raises(TooLarge), bodies.hold() as body:
        await body.read(pieces(b""), 11, "/files")
    assert bodies.held == 0


class Slow:
    """An application that keeps each call until it is let go; a stream leaves its place before."""

    def __init__(self) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        if scope["path"] == "/files":
            self.begun.set()
            await self.go_on.wait()
        if scope["method"] == "GET":
            scope[LEAVE_KEY]()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["method"] == "GET":
            self.begun.set()
            await self.go_on.wait()
        await send({"type": "http.response.body", "body": b""})


async def call(edge: Edge, path: str, method: str = "POST") -> int:
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {"type": "http", "path": path, "method": method, "headers": [], "scheme": "http"}
    await edge(scope, pieces(b"12345678"), send)
    return statuses[0]


class Connection:
    """Sends answers, and knows the call that it is answering, as a server's does."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def send(self, message: Message) -> None:
        pass


async def test_what_a_call_has_used_is_free_when_it_ends() -> None:
    """Without waiting for the collector, which would look at all that calls have used."""
    app = Slow()
    bodies, gate = Bodies(limit=10), Gate(1, Precedence())
    edge = Edge(app, record_telemetry().telemetry, bodies, gate, RateLimits(HttpSettings()))
    connection = Connection(
        {"type": "http", "path": "/other", "method": "POST", "headers": [], "scheme": "http"}
    )
    used = weakref.ref(connection)
    gc.disable()
    try:
        await edge(connection.scope, pieces(b"{}"), connection.send)
        del connection
        assert used() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("path", "method", "meanwhile"), [("/files", "POST", 503), ("/s", "GET", 200)], ids=str
)
async def test_a_call_that_is_slow_keeps_its_body_in_the_count_and_a_stream_does_not(
    path: str, method: str, meanwhile: int
) -> None:
    app, bounds = Slow(), HttpSettings()
    bodies = Bodies(limit=10, most=12, uploads=FILES)
    gate = Gate(bounds.concurrency, Precedence())
    edge = Edge(app, record_telemetry().telemetry, bodies, gate, RateLimits(bounds))
    slow = asyncio.create_task(call(edge, path, method))
    await app.begun.wait()
    assert await call(edge, "/other") == meanwhile
    app.go_on.set()
    assert await slow == 200
    assert await call(edge, "/other") == 200
    assert bodies.held == 0
