"""Calls over real sockets on this machine: classes of failure, and what is never called."""

import asyncio
import ipaddress
from dataclasses import replace

import httpx
import pytest
from desk_automation.actions.answer import Result
from desk_automation.adapters.executors.http import HttpExecutor
from desk_automation.adapters.executors.http_hosts import Hosts, read_entry
from desk_contracts.errors import DependencyDown

from tests.support.automation_server import Server, attempt, ours
from tests.support.spoken import english


async def test_a_call_carries_key_run_and_fencing_token(
    server: Server, executor: HttpExecutor
) -> None:
    answer = await executor.execute(attempt(f"http://127.0.0.1:{server.port}/x"), "run-1", 7, ours)
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
        (300, Result.UNKNOWN),
        (301, Result.UNKNOWN),
        (302, Result.UNKNOWN),
        (303, Result.UNKNOWN),
        (304, Result.UNKNOWN),
        (307, Result.REFUSED),
        (308, Result.REFUSED),
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
    answer = await executor.execute(attempt(f"http://127.0.0.1:{server.port}/x"), "run-1", 1, ours)
    assert answer.result is result
    assert answer.retry_after == 7.0
    assert len(server.heads) == 1  # no redirect is followed


async def test_silence_and_broken_answers_leave_the_effect_unknown(
    server: Server, executor: HttpExecutor
) -> None:
    url = f"http://127.0.0.1:{server.port}/x"
    server.answer = b"silence"
    answer = await executor.execute(attempt(url, timeout=0.2), "run-1", 1, ours)
    assert answer.result is Result.UNKNOWN
    assert "0.2 seconds" in english(answer.message)
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\nhalf"
    assert (await executor.execute(attempt(url), "run-1", 1, ours)).result is Result.UNKNOWN


@pytest.mark.parametrize(
    "bytes_back",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 999999 Odd\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhal",
    ],
)
async def test_an_answer_that_is_none_leaves_the_effect_unknown(
    server: Server, executor: HttpExecutor, bytes_back: bytes
) -> None:
    server.answer = bytes_back
    answer = await executor.execute(attempt(f"http://127.0.0.1:{server.port}/x"), "r", 1, ours)
    assert answer.result is Result.UNKNOWN
    assert answer.is_sent


async def test_a_target_that_does_not_speak_tls_was_sent_nothing(executor: HttpExecutor) -> None:
    async def mumble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(mumble, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    answer = await executor.execute(attempt(f"https://127.0.0.1:{port}/x"), "r", 1, ours)
    assert (answer.result, answer.is_sent) == (Result.NOT_TAKEN, False)
    listening.close()


async def test_a_fence_that_cannot_be_read_sends_nothing(
    server: Server, executor: HttpExecutor
) -> None:
    async def away() -> bool:
        raise DependencyDown("the store is away", dependency="store")

    answer = await executor.execute(attempt(f"http://127.0.0.1:{server.port}/x"), "r", 1, away)
    assert (answer.result, answer.is_sent) == (Result.NOT_TAKEN, False)
    assert "the store is away" in english(answer.message)
    assert server.heads == []


async def test_a_closed_port_surely_took_nothing(executor: HttpExecutor) -> None:
    answer = await executor.execute(attempt("http://127.0.0.1:1/x"), "run-1", 1, ours)
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
    assert (await executor.execute(attempt(url), "run-1", 1, ours)).result is Result.REFUSED


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
    assert (await executor.execute(attempt(url, expect=expect), "run-1", 1, ours)).is_met
    assert not (
        await executor.execute(attempt(url, expect=f"!({expect})"), "run-1", 1, ours)
    ).is_met
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno"
    assert not (await executor.execute(attempt(url, expect=expect), "run-1", 1, ours)).is_met


async def test_an_endless_answer_is_not_read_to_its_end(
    server: Server, executor: HttpExecutor
) -> None:
    # Who waits for the rest waits until the timeout.
    server.is_endless = True
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % 10**12
    server.answer = head + b"x" * 300_000
    url = f"http://127.0.0.1:{server.port}/x"
    answer = await executor.execute(attempt(url, timeout=5), "run-1", 1, ours)
    assert answer.result is Result.OK
    assert len(english(answer.message).encode()) <= 4200


async def test_nothing_leaves_when_the_run_is_not_ours_any_more(
    server: Server, executor: HttpExecutor
) -> None:
    async def taken() -> bool:
        return False

    url = f"http://127.0.0.1:{server.port}/x"
    answer = await executor.execute(attempt(url), "run-1", 1, taken)
    assert not answer.is_sent
    assert server.heads == []
    assert (await executor.execute(attempt(url), "run-1", 2, ours)).result is Result.OK


@pytest.mark.parametrize("value", ["a\r\nx: y", "ü", "\x00", "\u2028"])
async def test_a_header_that_cannot_be_sent_is_not(
    server: Server, executor: HttpExecutor, value: str
) -> None:
    request = attempt(f"http://127.0.0.1:{server.port}/x")
    request = replace(
        request,
        call=request.call.model_copy(
            update={"action": {**request.call.action, "headers": {"X-Name": value}}}
        ),
    )
    answer = await executor.execute(request, "run-1", 1, ours)
    assert (answer.result, answer.is_sent) == (Result.REFUSED, False)
    assert server.heads == []


@pytest.mark.parametrize(
    ("allowed", "is_called"),
    [
        (("localhost:*",), True),
        (("127.0.0.0/8:*", "localhost:*"), True),
        (("localhost",), False),
        (("localhost:1-1000",), False),
        # A name that leads to this machine is not followed, whatever pattern it fits.
        (("*:*",), False),
        (("local*:*",), False),
        (("*:*", "127.0.0.0/8:*", "[::1]:*"), True),
        ((), False),
    ],
)
async def test_ports_belong_to_the_list(
    server: Server, allowed: tuple[str, ...], is_called: bool
) -> None:
    executor = HttpExecutor(Hosts(allowed))
    answer = await executor.execute(attempt(f"http://localhost:{server.port}/x"), "run-1", 1, ours)
    assert (answer.result is Result.OK) is is_called
    await executor.close()


@pytest.mark.parametrize(
    ("host", "address", "is_refused"),
    [
        ("evil.example", "127.0.0.1", True),
        ("evil.example", "169.254.169.254", True),
        ("evil.example", "100.100.100.200", True),
        ("evil.example", "0.0.0.0", True),  # noqa: S104 (nothing listens there)
        ("evil.example", "::1", True),
        ("evil.example", "::ffff:127.0.0.1", True),
        ("evil.example", "64:ff9b::a9fe:a9fe", True),
        ("evil.example", "2002:7f00:1::", True),
        ("evil.example", "fe80::1", True),
        ("evil.example", "fd00:ec2::254", True),
        ("evil.example", "224.0.0.1", True),
        ("evil.example", "10.2.0.1", False),
        ("evil.example", "93.184.216.34", False),
        ("evil.example", "10.1.2.3", False),
    ],
)
def test_a_name_that_leads_home_is_not_followed(host: str, address: str, is_refused: bool) -> None:
    hosts = Hosts(("*.example:*", "10.1.0.0/16"))
    refusal = hosts.refusal_of(host, 80, ipaddress.ip_address(address))
    assert (refusal is not None) is is_refused


@pytest.mark.parametrize("entry", ["a b", "host:", "host:x", "http://a.example", "a/b", "", "[::1"])
def test_a_wrong_entry_of_the_list_is_told_at_start(entry: str) -> None:
    with pytest.raises(ValueError, match=r"host|port"):
        read_entry(entry)
