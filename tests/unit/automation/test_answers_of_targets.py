"""Whatever a target answers is an answer: read as far as it can be, and unknown beyond that."""

import gzip

import pytest
from desk_automation.actions.answer import Result
from desk_automation.adapters.executors.http import HttpExecutor
from desk_automation.adapters.executors.http_hosts import Hosts
from desk_platform.clock import FakeClock

from tests.support.automation_engine import START
from tests.support.automation_server import Server, answer_of, attempt, ours
from tests.support.spoken import english

NESTED = b"[" * 5000 + b"]" * 5000
JSON_TYPE = "content-type: application/json"
GZIPPED = gzip.compress(b'{"ok": true}', mtime=0)
BOMB = gzip.compress(b"0" * 50_000_000, mtime=0)
OK_TRUE = b'{"ok": true}'
# The answer, and what an act makes of it: done, or not known.
ODD = {
    "a charset nobody knows": (answer_of(OK_TRUE, "content-type: x; charset=utf8mb4"), Result.OK),
    "two charsets": (answer_of(OK_TRUE, "content-type: x; charset=utf-8,charset=utf-8"), Result.OK),
    "a charset that is none": (answer_of(b"a-b", "content-type: x; charset=punycode"), Result.OK),
    "a charset of no text": (answer_of(OK_TRUE, "content-type: x; charset=hex"), Result.OK),
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
    answer = await executor.execute(attempt(url), "run-1", 1, ours)
    assert answer.result is expected
    assert answer.is_sent
    assert len(english(answer.message).encode()) <= 4400
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
        answer = await executor.execute(attempt(url, expect=expect), "run-1", 1, ours)
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
    answer = await executor.execute(attempt(url, expect=expect), "run-1", 1, ours)
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
    answer = await executor.execute(attempt(url), "run-1", 1, ours)
    assert (answer.result, answer.retry_after) == (Result.NOT_TAKEN, pause)
    await executor.close()


@pytest.mark.parametrize(
    ("status", "result"),
    [("404 Not Found", Result.REFUSED), ("429 Busy", Result.NOT_TAKEN), ("200 OK", Result.UNKNOWN)],
)
async def test_a_body_that_never_ends_does_not_hide_the_status(
    server: Server, executor: HttpExecutor, status: str, result: Result
) -> None:
    server.is_endless = True
    server.answer = f"HTTP/1.1 {status}\r\ncontent-length: 900\r\n\r\nhalf".encode()
    url = f"http://127.0.0.1:{server.port}/x"
    answer = await executor.execute(attempt(url, timeout=0.3), "run-1", 1, ours)
    assert answer.result is result
    assert "it took too long" in english(answer.message) or result is not Result.UNKNOWN


async def test_a_condition_that_cannot_be_read_any_more_is_no_death(
    server: Server, executor: HttpExecutor
) -> None:
    url = f"http://127.0.0.1:{server.port}/x"
    answer = await executor.execute(attempt(url, expect="response.status =="), "run-1", 1, ours)
    assert answer.result is Result.UNKNOWN
