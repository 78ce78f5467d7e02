"""Calls over real sockets on this machine: classes of failure, and what is never called."""

import asyncio
import gzip
import ipaddress
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import httpx
import pytest
from desk_automation.domain.answers import Result
from desk_automation.domain.moves import Attempt
from desk_automation.domain.plan import Call
from desk_automation.hosts import Hosts, read_entry
from desk_automation.http_executor import HttpExecutor
from desk_shared.clock import FakeClock

from tests.unit.automation.engine import START


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
    executor = HttpExecutor(Hosts(("localhost:*", "127.0.0.0/8:*")))
    yield executor
    await executor.stop()


async def ours() -> bool:
    """The run is still ours."""
    return True


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
    answer = await executor.call(attempt(f"http://127.0.0.1:{server.port}/x"), "run-1", 7, ours)
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
    answer = await executor.call(attempt(f"http://127.0.0.1:{server.port}/x"), "run-1", 1, ours)
    assert answer.result is result
    assert answer.retry_after == 7.0
    assert len(server.heads) == 1  # no redirect is followed


async def test_silence_and_broken_answers_leave_the_effect_unknown(
    server: Server, executor: HttpExecutor
) -> None:
    url = f"http://127.0.0.1:{server.port}/x"
    server.answer = b"silence"
    answer = await executor.call(attempt(url, timeout=0.2), "run-1", 1, ours)
    assert answer.result is Result.UNKNOWN
    assert "0.2 s" in answer.text
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\nhalf"
    assert (await executor.call(attempt(url), "run-1", 1, ours)).result is Result.UNKNOWN


async def test_a_closed_port_surely_took_nothing(executor: HttpExecutor) -> None:
    answer = await executor.call(attempt("http://127.0.0.1:1/x"), "run-1", 1, ours)
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
    assert (await executor.call(attempt(url), "run-1", 1, ours)).result is Result.REFUSED


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
    assert (await executor.call(attempt(url, expect=expect), "run-1", 1, ours)).is_met
    assert not (await executor.call(attempt(url, expect=f"!({expect})"), "run-1", 1, ours)).is_met
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno"
    assert not (await executor.call(attempt(url, expect=expect), "run-1", 1, ours)).is_met


async def test_an_endless_answer_is_not_read_to_its_end(
    server: Server, executor: HttpExecutor
) -> None:
    size = 300_000
    server.answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (size, b"x" * size)
    answer = await executor.call(attempt(f"http://127.0.0.1:{server.port}/x"), "run-1", 1, ours)
    assert answer.result is Result.OK
    assert len(answer.text.encode()) <= 4200


def answer_of(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP answer that says how long it is."""
    lines = [f"HTTP/1.1 {status}", *headers, f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


NESTED = b"[" * 5000 + b"]" * 5000
JSON_TYPE = "content-type: application/json"
GZIPPED = gzip.compress(b'{"ok": true}')
BOMB = gzip.compress(b"0" * 50_000_000)
OK_TRUE = b'{"ok": true}'
# The answer, and what an act makes of it: done, or not known.
ODD = {
    "a charset nobody knows": (answer_of(OK_TRUE, "content-type: x; charset=utf8mb4"), Result.OK),
    "two charsets": (answer_of(OK_TRUE, "content-type: x; charset=utf-8,charset=utf-8"), Result.OK),
    "a charset that is none": (answer_of(b"a-b", "content-type: x; charset=punycode"), Result.OK),
    "an empty charset": (answer_of(OK_TRUE, "content-type: x; charset="), Result.OK),
    "letters that are none": (answer_of(b"\xff\xfe\xfd\x00", JSON_TYPE), Result.OK),
    "a mark of order": (answer_of(b"\xef\xbb\xbf" + OK_TRUE, JSON_TYPE), Result.OK),
    "utf-16": (answer_of('{"ok": true}'.encode("utf-16"), JSON_TYPE), Result.OK),
    "NaN": (answer_of(b'{"ok": NaN}', JSON_TYPE), Result.OK),
    "30 digits": (answer_of(b'{"ok": 123456789012345678901234567890}', JSON_TYPE), Result.OK),
    "a name twice": (answer_of(b'{"ok": false, "ok": true}', JSON_TYPE), Result.OK),
    "5,000 lists": (answer_of(NESTED, JSON_TYPE), Result.OK),
    "half of a JSON text": (answer_of(b'{"ok": tr', JSON_TYPE), Result.OK),
    "nothing": (b"HTTP/1.1 204 No Content\r\n\r\n", Result.OK),
    "an old server": (b"HTTP/1.0 200 OK\r\n\r\n" + OK_TRUE, Result.OK),
    "gzip": (answer_of(GZIPPED, "content-encoding: gzip"), Result.OK),
    "a bomb": (answer_of(BOMB, "content-encoding: gzip"), Result.OK),
    "a sign-in page": (answer_of(b"<html>Sign in", "content-type: text/html"), Result.UNKNOWN),
    "gzip that is none": (answer_of(OK_TRUE, "content-encoding: gzip"), Result.UNKNOWN),
    "gzip cut short": (answer_of(GZIPPED[:-9], "content-encoding: gzip"), Result.UNKNOWN),
    "an unknown encoding": (answer_of(OK_TRUE, "content-encoding: zzz"), Result.UNKNOWN),
    "gzip and again": (answer_of(GZIPPED, "content-encoding: gzip,gzip,gzip"), Result.UNKNOWN),
    "a length too long": (
        b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n" + OK_TRUE,
        Result.UNKNOWN,
    ),
    "a broken chunk": (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nok\r\n",
        Result.UNKNOWN,
    ),
    "no HTTP": (b"220 mail.example ESMTP\r\n", Result.UNKNOWN),
    "half a head": (b"HTTP/1.1 200 OK\r\ncontent-le", Result.UNKNOWN),
    "nothing at all": (b"", Result.UNKNOWN),
    "a status of its own": (answer_of(b"", status="999 Odd"), Result.UNKNOWN),
}


@pytest.mark.parametrize("name", ODD)
async def test_no_answer_of_a_target_is_too_odd_to_be_one(
    server: Server, executor: HttpExecutor, name: str
) -> None:
    server.answer, expected = ODD[name]
    url = f"http://127.0.0.1:{server.port}/x"
    answer = await executor.call(attempt(url), "run-1", 1, ours)
    assert answer.result is expected
    assert answer.is_sent
    assert len(answer.text.encode()) <= 4400
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("name", "is_met"),
    [
        ("a mark of order", True),
        ("utf-16", True),
        ("gzip", True),
        ("a charset nobody knows", True),
        *[
            (name, None)
            for name in (
                "NaN",
                "30 digits",
                "a name twice",
                "5,000 lists",
                "half of a JSON text",
                "nothing",
                "a bomb",
                "a sign-in page",
                "gzip that is none",
                "an unknown encoding",
                "a length too long",
                "letters that are none",
            )
        ],
    ],
)
async def test_what_cannot_be_read_says_neither_yes_nor_no(
    server: Server, executor: HttpExecutor, name: str, is_met: bool | None
) -> None:
    server.answer, _ = ODD[name]
    url = f"http://127.0.0.1:{server.port}/x"
    for expect in ("response.body.ok == true", "response.body.ok != true"):
        answer = await executor.call(attempt(url, expect=expect), "run-1", 1, ours)
        if is_met is None:
            assert answer.result is Result.UNKNOWN
        else:
            assert (answer.result, answer.is_met) == (Result.OK, "==" in expect)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("200 OK", Result.OK),
        ("404 Not Found", Result.OK),
        ("401 Unauthorized", Result.REFUSED),
        ("302 Found", Result.REFUSED),
        ("503 Away", Result.UNKNOWN),
    ],
)
async def test_only_a_real_answer_says_that_it_does_not_hold(
    server: Server, executor: HttpExecutor, status: str, result: Result
) -> None:
    server.answer = answer_of(b'{"ok": false}', JSON_TYPE, status=status)
    url = f"http://127.0.0.1:{server.port}/x"
    expect = "response.status == 200 && response.body.ok"
    answer = await executor.call(attempt(url, expect=expect), "run-1", 1, ours)
    assert (answer.result, answer.is_met) == (result, False)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        (["retry-after: 8"], 8.0),
        (
            ["date: Mon, 23 Nov 2026 11:00:00 GMT", "retry-after: Mon, 23 Nov 2026 11:00:08 GMT"],
            8.0,
        ),
        (["retry-after: Mon, 02 Mar 2026 09:00:30 GMT"], 30.0),
        (["retry-after: Mon, 02 Mar 2026 08:00:30 GMT"], 0.0),
        (["retry-after: soon"], 0.0),
        (["retry-after: -5"], 0.0),
        (["retry-after: \xb2"], 0.0),
        (["retry-after: " + "9" * 400], 0.0),
        (["retry-after: Mon, 99 Foo 2026 99:99:99 GMT"], 0.0),
    ],
)
async def test_when_to_come_again_is_read_as_seconds_or_as_a_date(
    server: Server, headers: list[str], pause: float
) -> None:
    executor = HttpExecutor(Hosts(("127.0.0.0/8:*",)), FakeClock(START))
    server.answer = answer_of(b"", *headers, status="429 Busy").replace(b"\xc2", b"")
    url = f"http://127.0.0.1:{server.port}/x"
    answer = await executor.call(attempt(url), "run-1", 1, ours)
    assert (answer.result, answer.retry_after) == (Result.NOT_TAKEN, pause)
    await executor.stop()


async def test_nothing_leaves_when_the_run_is_not_ours_any_more(
    server: Server, executor: HttpExecutor
) -> None:
    async def taken() -> bool:
        return False

    url = f"http://127.0.0.1:{server.port}/x"
    answer = await executor.call(attempt(url), "run-1", 1, taken)
    assert not answer.is_sent
    assert server.heads == []
    assert (await executor.call(attempt(url), "run-1", 2, ours)).result is Result.OK


@pytest.mark.parametrize("value", ["a\r\nx: y", "ü", "\x00", "\u2028"])
async def test_a_header_that_cannot_be_sent_is_not(
    server: Server, executor: HttpExecutor, value: str
) -> None:
    asked = attempt(f"http://127.0.0.1:{server.port}/x")
    asked = replace(asked, call=asked.call.model_copy(update={"headers": {"X-Name": value}}))
    answer = await executor.call(asked, "run-1", 1, ours)
    assert (answer.result, answer.is_sent) == (Result.REFUSED, False)
    assert server.heads == []


@pytest.mark.parametrize(
    ("allowed", "is_called"),
    [
        (("localhost:*",), True),
        (("127.0.0.0/8:*", "localhost:*"), True),
        (("localhost",), False),
        (("localhost:1-1000",), False),
        (("*:*",), True),
        (("local*:*",), True),
        ((), False),
    ],
)
async def test_ports_belong_to_the_list(
    server: Server, allowed: tuple[str, ...], is_called: bool
) -> None:
    executor = HttpExecutor(Hosts(allowed))
    answer = await executor.call(attempt(f"http://localhost:{server.port}/x"), "run-1", 1, ours)
    assert (answer.result is Result.OK) is is_called
    await executor.stop()


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
