"""Calls over real sockets on this machine: classes of failure, and what is never called."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from desk_automation.domain.answers import Result
from desk_automation.domain.moves import Attempt
from desk_automation.domain.plan import Call
from desk_automation.http_executor import Hosts, HttpExecutor


@dataclass
class Server:
    """Answers with whatever bytes it is told."""

    answer: bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    heads: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        if self.answer != b"silence":
            writer.write(self.answer)
            await writer.drain()
            writer.close()
        else:
            await reader.read()
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


@pytest.fixture
async def executor() -> AsyncIterator[HttpExecutor]:
    executor = HttpExecutor(Hosts(("localhost", "127.0.0.0/8")))
    yield executor
    await executor.stop()


def attempt(url: str, *, expect: str = "", timeout: float = 2.0) -> Attempt:
    call = Call(
        method="POST",
        url=url,
        body={"device": "laptop-1"},
        timeout=timedelta(seconds=timeout),
        attempts=3,
        base=timedelta(seconds=1),
        cap=timedelta(seconds=1),
    )
    return Attempt("probe" if expect else "act", "clean", call, "key-1", 1, expect)


async def test_a_call_carries_key_run_and_fencing_token(
    server: Server, executor: HttpExecutor
) -> None:
    answer = await executor.call(attempt(f"http://127.0.0.1:{server.port}/x"), "run-1", 7)
    assert answer.result is Result.OK
    [head] = server.heads
    assert "idempotency-key: key-1" in head
    assert "desk-run: run-1" in head
    assert "desk-fencing-token: 7" in head
    assert "content-type: application/json" in head


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (204, Result.OK),
        (302, Result.REFUSED),
        (404, Result.REFUSED),
        (408, Result.UNKNOWN),
        (409, Result.NOT_TAKEN),
        (429, Result.NOT_TAKEN),
        (500, Result.UNKNOWN),
        (503, Result.UNKNOWN),
    ],
)
async def test_the_status_decides_about_a_retry(
    server: Server, executor: HttpExecutor, status: int, result: Result
) -> None:
    server.answer = (
        f"HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:{server.port}/there\r\n"
        "retry-after: 7\r\ncontent-length: 0\r\n\r\n"
    ).encode()
    answer = await executor.call(attempt(f"http://127.0.0.1:{server.port}/x"), "run-1", 1)
    assert answer.result is result
    assert answer.retry_after == 7.0
    assert len(server.heads) == 1  # no redirect is followed


async def test_silence_and_broken_answers_leave_the_effect_unknown(
    server: Server, executor: HttpExecutor
) -> None:
    url = f"http://127.0.0.1:{server.port}/x"
    server.answer = b"silence"
    answer = await executor.call(attempt(url, timeout=0.2), "run-1", 1)
    assert answer.result is Result.UNKNOWN
    assert "0.2 s" in answer.text
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\nhalf"
    assert (await executor.call(attempt(url), "run-1", 1)).result is Result.UNKNOWN


async def test_a_closed_port_surely_took_nothing(executor: HttpExecutor) -> None:
    answer = await executor.call(attempt("http://127.0.0.1:1/x"), "run-1", 1)
    assert answer.result is Result.NOT_TAKEN


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "ftp://localhost/x",
        "file:///etc/passwd",
        "http://ana:x@localhost/",
        "not an address",
        "http://[::1]:80:80/",
    ],
)
async def test_only_named_hosts_are_called(executor: HttpExecutor, url: str) -> None:
    assert (await executor.call(attempt(url), "run-1", 1)).result is Result.REFUSED


def test_hosts_are_names_patterns_and_networks() -> None:
    hosts = Hosts(("agent.example.com", "*.devices.example.com", "10.1.0.0/16", "::1"))
    for good in ("agent.example.com", "a.devices.example.com", "10.1.2.3", "[::1]"):
        assert hosts.refusal(httpx.URL(f"https://{good}/x")) is None
    for bad in ("devices.example.com.evil.org", "10.2.0.1", "evil-agent.example.com"):
        assert hosts.refusal(httpx.URL(f"https://{bad}/x")) is not None


async def test_what_is_expected_is_judged_by_the_answer(
    server: Server, executor: HttpExecutor
) -> None:
    url = f"http://127.0.0.1:{server.port}/x"
    body = b'{"stuck": true}'
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    expect = "response.status == 200 && response.body.stuck == true"
    assert (await executor.call(attempt(url, expect=expect), "run-1", 1)).is_met
    assert not (await executor.call(attempt(url, expect=f"!({expect})"), "run-1", 1)).is_met
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno"
    assert not (await executor.call(attempt(url, expect=expect), "run-1", 1)).is_met


async def test_an_endless_answer_is_not_read_to_its_end(
    server: Server, executor: HttpExecutor
) -> None:
    size = 300_000
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (size, b"x" * size)
    answer = await executor.call(attempt(f"http://127.0.0.1:{server.port}/x"), "run-1", 1)
    assert answer.result is Result.OK
    assert len(answer.text.encode()) <= 4200
