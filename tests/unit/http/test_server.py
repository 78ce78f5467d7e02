"""The server on a real socket: nobody stops it by sending too much, too slowly or too often."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from desk_platform.clock import FakeClock
from desk_platform.health import Health
from desk_platform.http import PUBLIC, AppParts, Principal, Role, make_app, require
from desk_platform.http.server import Server, server_of
from desk_platform.settings import Environment, HttpSettings, ServiceSettings
from desk_testing import eventually
from desk_testing.http import FakeAuthenticator
from desk_testing.telemetry import record_telemetry
from fastapi import APIRouter, Depends, FastAPI, Request

QUICK = {
    "header_timeout": timedelta(seconds=0.4),
    "body_timeout": timedelta(seconds=0.4),
    "write_timeout": timedelta(seconds=0.4),
    "keep_alive": timedelta(seconds=0.3),
}
LIMIT = 64 * 1024
HEAD = b"GET /v1/echo HTTP/1.1\r\nHost: desk\r\n"
POST = b"POST /v1/echo HTTP/1.1\r\nHost: desk\r\nContent-Length: 100\r\n\r\n"


class Served:
    """An application behind its server, and what a caller can do to it."""

    def __init__(self, app: FastAPI, server: Server, release: asyncio.Event) -> None:
        self.app, self.server, self.release = app, server, release
        (listener,) = server.servers[0].sockets
        self.port = listener.getsockname()[1]
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        return reader, writer

    async def close(self) -> None:
        self.release.set()
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers)

    async def sent(self, *parts: bytes) -> tuple[int, dict[str, Any]]:
        """The answer to raw bytes, after which the connection has to end by itself."""
        reader, writer = await self.connect()
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
        except ConnectionError:
            pass
        return read(await asyncio.wait_for(reader.read(), 60))


def read(raw: bytes) -> tuple[int, dict[str, Any]]:
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"connection: close" in head, head
    return int(head.split()[1]), json.loads(body)


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Served]]]:
    running = []

    async def start(**bounds: Any) -> Served:
        context = served(HttpSettings(**{**QUICK, **bounds}))
        running.append(context)
        return await context.__aenter__()

    yield start
    for context in running:
        await context.__aexit__(None, None, None)


@asynccontextmanager
async def served(bounds: HttpSettings) -> AsyncIterator[Served]:
    release = asyncio.Event()
    router = APIRouter(prefix="/v1")

    @router.get("/echo", dependencies=[Depends(PUBLIC)])
    async def echo() -> str:
        return "here"

    @router.post("/echo", dependencies=[Depends(PUBLIC)])
    async def take(request: Request) -> int:
        return len(await request.body())

    @router.get("/wait", dependencies=[Depends(PUBLIC)])
    async def wait() -> str:
        await release.wait()
        return "done"

    @router.get("/large", dependencies=[Depends(PUBLIC)])
    async def large() -> str:
        return "x" * 50_000_000

    @router.get("/mine", dependencies=[Depends(require(Role.EMPLOYEE))])
    async def mine() -> str:
        return "yours"

    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    knows = FakeAuthenticator(Principal("ana", frozenset({Role.EMPLOYEE})), Principal("ben"))
    telemetry = record_telemetry("intake").telemetry
    parts = AppParts(Health(clock), telemetry, knows, clock, bounds=bounds, body_limit=LIMIT)
    app = make_app("intake", [router], parts)
    settings = ServiceSettings(environment=Environment.LOCAL, http_port=0, http=bounds)
    server = server_of(app, settings, LIMIT)
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, interval=0.01)
    desk = Served(app, server, release)
    yield desk
    await desk.close()
    server.stop()
    await running


Serve = Callable[..., Awaitable[Served]]


@pytest.mark.parametrize(
    "parts",
    [
        [HEAD + b"X-Long: "] + [b"x" * 65_536] * 40,
        [HEAD] + [b"X-Many: x\r\n" * 500] * 20,
        [b"GET /v1/echo?" + b"x" * 100_000],
        [HEAD + b"X-Long: " + b"x" * 40_000 + b"\r\n\r\n"],
        [HEAD + b"X-Trickle: "] + [b"x" * 1_000] * 100,
    ],
    ids=["one endless", "many", "address", "whole in one piece", "in small pieces"],
)
async def test_headers_without_end_are_refused_at_once(serve: Serve, parts: list[bytes]) -> None:
    status, problem = await (await serve()).sent(*parts)
    assert (status, problem["code"]) == (431, "headers-too-large")


async def test_trailers_without_end_are_refused_like_headers(serve: Serve) -> None:
    head = b"POST /v1/echo HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: chunked\r\n\r\n"
    desk = await serve()
    many = await desk.sent(head, b"1\r\nx\r\n0\r\n", *[b"X-Many: x\r\n" * 100] * 20)
    assert many[0] == 431
    long = await desk.sent(head, b"1\r\nx\r\n0\r\nX-Long: ", *[b"x" * 65_536] * 10)
    assert long[0] == 413
    wrapped = await desk.sent(head, b"1;" + b"x" * 65_536, *[b"x" * 65_536] * 10)
    assert wrapped[0] == 413


@pytest.mark.parametrize(
    ("begun", "part"),
    [(HEAD, "headers"), (HEAD + b"X: ", "headers"), (b"G", "headers"), (POST, "body")],
)
async def test_half_a_request_is_told_and_closed_after_its_time(
    serve: Serve, begun: bytes, part: str
) -> None:
    status, problem = await (await serve()).sent(begun)
    assert (status, problem["code"]) == (408, "request-timeout")
    assert part in problem["detail"]


@pytest.mark.parametrize("begun", [HEAD + b"X: ", POST])
async def test_a_trickle_does_not_move_the_end(serve: Serve, begun: bytes) -> None:
    reader, writer = await (await serve()).connect()
    writer.write(begun)
    answer = asyncio.ensure_future(reader.read())

    async def trickle() -> bool:
        writer.write(b"x")
        return answer.done()

    await eventually(trickle, timeout=60, interval=0.05)
    assert read(answer.result())[0] == 408


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
async def test_a_connection_that_asks_nothing_is_closed_without_a_word(
    serve: Serve, sent: bytes
) -> None:
    reader, writer = await (await serve()).connect()
    writer.write(sent)
    assert await asyncio.wait_for(reader.read(), 60) == b""


async def test_blank_lines_between_requests_keep_no_connection_open(serve: Serve) -> None:
    reader, writer = await (await serve()).connect()
    writer.write(HEAD + b"\r\n")
    closed = asyncio.ensure_future(reader.read())

    async def trickle() -> bool:
        writer.write(b"\r\n")
        return closed.done()

    await eventually(trickle, timeout=60, interval=0.05)
    assert closed.result().count(b"HTTP/1.1 200") == 1


async def test_who_does_not_read_its_answer_loses_the_connection(serve: Serve) -> None:
    desk = await serve()
    reader, writer = await desk.connect()
    writer.write(b"GET /v1/large HTTP/1.1\r\nHost: desk\r\n\r\n")
    await eventually(lambda: len(desk.server.server_state.connections) == 1, interval=0.01)
    await eventually(lambda: not desk.server.server_state.connections)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(50_000_000)


async def test_two_thousand_half_sent_requests_keep_nobody_out(serve: Serve) -> None:
    desk = await serve(connections=50, header_timeout=timedelta(seconds=30))
    slow = [await desk.connect() for _ in range(200)]
    for number, (_, writer) in enumerate(slow):
        writer.write(HEAD if number % 2 else POST)
    async with desk.client() as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/v1/echo")).status_code == 200
    answers = [await asyncio.wait_for(reader.read(), 20) for reader, _ in slow[:100]]
    assert {raw[:12] for raw in answers} <= {b"", b"HTTP/1.1 408"}


async def test_bodies_that_come_slowly_take_no_place_from_others(serve: Serve) -> None:
    desk = await serve(concurrency=1, body_timeout=timedelta(seconds=30))
    slow = [await desk.connect() for _ in range(5)]
    for _, writer in slow:
        writer.write(POST)
    async with desk.client() as client:
        assert (await client.post("/v1/echo", content=b"x" * 9)).json() == 9
    for reader, writer in slow:
        writer.write(b"y" * 100)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")


async def test_more_calls_at_once_than_agreed_are_told_to_come_back(serve: Serve) -> None:
    desk = await serve(concurrency=2)
    async with desk.client() as client:
        waiting = [asyncio.create_task(client.get("/v1/wait")) for _ in range(2)]
        await eventually(lambda: desk.app.state.gate.under_way == 2, interval=0.01)
        refused = await client.get("/v1/echo")
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"] == "1"
        for probe in ("/health/live", "/metrics"):
            assert (await client.get(probe)).status_code == 200
        desk.release.set()
        assert [(await item).json() for item in waiting] == ["done", "done"]
        assert (await client.get("/v1/echo")).status_code == 200


@pytest.mark.parametrize("has_length", [True, False])
async def test_a_body_beyond_the_limit_is_refused_however_it_comes(
    serve: Serve, has_length: bool
) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b"x" * (LIMIT // 8)

    body = b"x" * (LIMIT + 1) if has_length else parts()
    async with (await serve()).client() as client:
        refused = await client.post("/v1/echo", content=body)
        assert (refused.status_code, refused.json()["code"]) == (413, "too-large")
        whole = await client.post("/v1/echo", content=b"x" * LIMIT)
        assert whole.json() == LIMIT


async def test_a_caller_that_is_too_quick_is_told_how_quick_it_may_be(serve: Serve) -> None:
    desk = await serve(rate=1, burst=3)
    async with desk.client(authorization="Bearer ana") as ana:
        answers = [await ana.get("/v1/mine") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"caller";q=3;w=3'
    assert answers[0].headers["ratelimit"] == '"caller";r=2;t=1'
    assert answers[3].headers["retry-after"] == "1"
    assert answers[3].headers["ratelimit"].startswith('"caller";r=0;')
    assert answers[3].json()["code"] == "too-many-requests"
    async with desk.client(authorization="Bearer ben") as ben:
        assert (await ben.get("/v1/mine")).status_code == 403


async def test_callers_that_do_not_sign_in_are_counted_by_address(serve: Serve) -> None:
    desk = await serve(anonymous_rate=1, anonymous_burst=2)
    async with desk.client(authorization="Bearer eve") as eve:
        statuses = [(await eve.get("/v1/mine")).status_code for _ in range(3)]
        assert statuses == [401, 401, 429]
        assert (await eve.get("/openapi.json")).status_code == 429
        assert (await eve.get("/health/live")).status_code == 200
        # Who signs in is not held up by others behind the same address.
        signed = await eve.get("/v1/mine", headers={"authorization": "Bearer ana"})
        assert signed.status_code == 200


@pytest.mark.parametrize(("proxies", "statuses"), [((), [200, 429]), (("127.0.0.1",), [200, 200])])
async def test_an_address_that_a_caller_made_up_counts_only_from_a_proxy_that_is_known(
    serve: Serve, proxies: tuple[str, ...], statuses: list[int]
) -> None:
    desk = await serve(anonymous_rate=1, anonymous_burst=1, trusted_proxies=proxies)
    async with desk.client() as client:
        answers = [
            await client.get("/v1/echo", headers={"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(2)
        ]
    assert [answer.status_code for answer in answers] == statuses


async def test_what_is_not_http_gets_a_problem(serve: Serve) -> None:
    status, problem = await (await serve()).sent(b"\x16\x03\x01\x02\x00\x01\r\n\r\n")
    assert (status, problem["code"]) == (400, "bad-request")


async def test_once_the_gate_closes_accepted_calls_finish_and_later_ones_are_sent_away(
    serve: Serve,
) -> None:
    desk = await serve()
    gate = desk.app.state.gate
    async with desk.client() as client:
        accepted = asyncio.create_task(client.get("/v1/wait"))
        await eventually(lambda: gate.under_way == 1, interval=0.01)
        closing = asyncio.create_task(gate.close(timedelta(seconds=5)))
        await eventually(lambda: gate.is_closed, interval=0.01)
        for call in (client.get("/v1/echo"), client.post("/v1/echo", content=b"x")):
            late = await call
            assert (late.status_code, late.json()["code"]) == (503, "stopping")
            assert late.headers["retry-after"] == "5"
            assert late.headers["connection"] == "close"
        assert (await client.get("/health/live")).status_code == 200
        assert not closing.done()
        desk.release.set()
        answer = await accepted
        assert (answer.json(), answer.headers["connection"]) == ("done", "close")
        assert await closing == 0


async def test_who_still_sends_a_body_when_the_gate_closes_reads_why(serve: Serve) -> None:
    """Closed with bytes unread, the connection would break before the answer is read."""
    desk = await serve()
    await desk.app.state.gate.close(timedelta(seconds=1))
    reader, writer = await desk.connect()
    writer.write(b"POST /v1/echo HTTP/1.1\r\nHost: desk\r\nContent-Length: 90\r\n\r\n" + b"x" * 9)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    assert head.startswith(b"HTTP/1.1 503")
    assert b"connection: close" not in head.lower()
    writer.close()


@pytest.mark.parametrize("is_late", [False, True])
async def test_whose_body_is_still_to_come_when_the_server_ends_reads_why(
    serve: Serve, *, is_late: bool
) -> None:
    desk = await serve(body_timeout=timedelta(seconds=60))
    desk.server.config.timeout_graceful_shutdown = 0
    gate = desk.app.state.gate
    if is_late:
        await gate.close(timedelta(seconds=1))
    reader, writer = await desk.connect()
    writer.write(POST + b"x" * 9)
    await eventually(lambda: len(desk.server.server_state.tasks) == 1, interval=0.01)
    if not is_late:
        await gate.close(timedelta(seconds=1))
    desk.server.stop()
    raw = await asyncio.wait_for(reader.read(), 60)
    assert raw.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 5" in raw.lower()
    assert json.loads(raw.partition(b"\r\n\r\n")[2])["code"] == "stopping"


async def test_calls_that_outlast_the_timeout_are_counted(serve: Serve) -> None:
    desk = await serve()
    async with desk.client() as client:
        accepted = asyncio.create_task(client.get("/v1/wait"))
        await eventually(lambda: desk.app.state.gate.under_way == 1, interval=0.01)
        assert await desk.app.state.gate.close(timedelta(seconds=0.1)) == 1
        desk.release.set()
        await accepted


async def test_who_had_connected_before_the_listener_closed_is_still_told(serve: Serve) -> None:
    desk = await serve()
    reader, writer = await desk.connect()
    await eventually(lambda: len(desk.server.server_state.connections) == 1, interval=0.01)
    await desk.app.state.gate.close(timedelta(seconds=1))
    desk.server.stop()
    await eventually(lambda: not desk.server.servers[0].is_serving(), interval=0.01)
    writer.write(HEAD + b"\r\n")
    status, problem = read(await asyncio.wait_for(reader.read(), 60))
    assert (status, problem["code"]) == (503, "stopping")
