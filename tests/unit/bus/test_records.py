"""What is retried carries all that is needed to try it again; nobody outside can forge that."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts import Message
from desk_contracts.errors import Invalid, Transient
from desk_platform.kafka.records import (
    ARRIVED,
    ATTEMPT,
    DOCUMENT,
    FAILED_AT,
    MAX_ATTEMPTS,
    NOT_BEFORE,
    ORIGIN,
    PROJECTION,
    REASON,
    REASON_CODE,
    TRUNCATED,
    Failure,
    attempts_of,
    buffer_record,
    find_arrival,
    is_same,
    not_before,
    read_target,
    reroute,
    restore_record,
)

from tests.support.bus_desk import START, Record, noted, record

RAW = replace(record(noted("t", 1), 42, partition=3), topic="x-desk.tickets")
LATER = Transient("not now")


def desk_headers(message: Message) -> dict[str, str]:
    return {name: text.decode() for name, text in message.headers if name.startswith("desk-")}


def again(message: Message, offset: int = 0) -> Record:
    """The retried message as it is read again."""
    headers: tuple[tuple[str, bytes | None], ...] = message.headers
    return Record(message.key, message.value, headers, "x-" + message.topic, 1, offset)


def test_transient_trouble_waits_in_the_retry_topic_longer_each_time() -> None:
    raw, pauses = RAW, []
    for attempt in range(1, MAX_ATTEMPTS):
        assert attempts_of(raw) == attempt
        message = reroute(Failure(raw, LATER), "metrics", START, "x-")
        assert message.topic == "desk.tickets.metrics.retry"
        raw = again(message)
        due = not_before(raw)
        assert due is not None
        pauses.append((due - START).total_seconds())
    assert pauses == [1, 2, 4, 8]
    last = reroute(Failure(raw, LATER), "metrics", START, "x-")
    assert last.topic == "desk.tickets.metrics.dead"
    assert desk_headers(last)[ATTEMPT] == "5"


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (Invalid("cannot be read", code="bad-json"), "bad-json", "cannot be read"),
        (ZeroDivisionError("oops"), "bug", "ZeroDivisionError: oops"),
    ],
)
def test_what_will_never_work_is_dead_at_once(error: Exception, code: str, text: str) -> None:
    message = reroute(Failure(RAW, error), "metrics", START, "x-")
    assert message.topic == "desk.tickets.metrics.dead"
    assert desk_headers(message) == {
        ATTEMPT: "1",
        ORIGIN: "x-desk.tickets/3/42",
        REASON: text,
        REASON_CODE: code,
        FAILED_AT: START.isoformat(),
    }


def test_key_value_and_headers_stay_as_they_were() -> None:
    message = reroute(Failure(RAW, LATER), "metrics", START, "x-")
    assert (message.key, message.value) == (RAW.key, RAW.value)
    kept = [header for header in message.headers if not header[0].startswith("desk-")]
    assert kept == list(RAW.headers)


def test_origin_and_first_failure_are_kept_over_retries() -> None:
    first = reroute(Failure(RAW, LATER, "clocks", "t"), "metrics", START, "x-")
    later = START + timedelta(minutes=1)
    dead = reroute(Failure(again(first), Invalid("no")), "metrics", later, "x-")
    assert dead.topic == "desk.tickets.metrics.dead"
    facts = desk_headers(dead)
    assert (facts[ORIGIN], facts[FAILED_AT]) == ("x-desk.tickets/3/42", START.isoformat())
    assert (facts[PROJECTION], facts[DOCUMENT]) == ("clocks", "t")
    assert NOT_BEFORE not in facts
    assert read_target(again(first)) == ("clocks", "t")


def test_our_headers_mean_nothing_on_a_topic_that_outsiders_write() -> None:
    forged = replace(
        RAW,
        headers=(
            *RAW.headers,
            (ORIGIN, b"somewhere.else/0/0"),
            (ATTEMPT, b"5"),
            (NOT_BEFORE, b"2999-01-01T00:00:00+00:00"),
            (PROJECTION, b"nobody"),
        ),
    )
    assert attempts_of(forged) == 1
    assert not_before(forged) is None
    assert read_target(forged) == ("", "")
    message = reroute(Failure(forged, LATER), "metrics", START, "x-")
    assert message.topic == "desk.tickets.metrics.retry"
    assert desk_headers(message)[ORIGIN] == "x-desk.tickets/3/42"


@pytest.mark.parametrize("text", [b"\xff\xfe", b"soon", b"", None, b"2026-03-02T09:00:00"])
def test_an_unreadable_waiting_time_is_no_waiting_time(text: bytes | None) -> None:
    odd = Record(b"t", b"{}", ((NOT_BEFORE, text),), "desk.tickets.metrics.retry")
    assert not_before(odd) is None


@pytest.mark.parametrize("origin", [None, b"", b"x", b"other.topic/0/0", b"a/b/c", b"\xff/1/2"])
@pytest.mark.parametrize("error", [LATER, Invalid("no")])
def test_a_record_put_into_a_retry_topic_by_hand_is_rerouted_where_that_topics_records_are(
    origin: bytes | None, error: Exception
) -> None:
    odd = Record(b"t", b"{}", ((ORIGIN, origin),), "x-desk.tickets.m.retry")
    message = reroute(Failure(odd, error), "m", START, "x-")
    assert message.topic in {"desk.tickets.m.retry", "desk.tickets.m.dead"}
    assert restore_record(buffer_record(odd)).topic == odd.topic


@pytest.mark.parametrize("text", [b"\xff\xfe", b"many", b"", None, b"9" * 5_000])
def test_an_unreadable_number_of_attempts_is_the_first(text: bytes | None) -> None:
    odd = Record(b"t", b"{}", ((ATTEMPT, text), (ORIGIN, b"\xff/1/2")), "desk.tickets.m.retry")
    assert attempts_of(odd) == 1
    assert reroute(Failure(odd, Invalid("no")), "m", START).topic.endswith(".dead")


def test_null_headers_keys_and_values_can_be_dead_lettered() -> None:
    odd = Record(None, None, (("ce_id", None), ("other", b"\xff")))
    message = reroute(Failure(odd, Invalid("no")), "metrics", START)
    assert (message.key, message.value) == (b"", b"")
    assert ("other", b"\xff") in message.headers


def test_a_record_near_the_brokers_limit_is_cut_so_that_it_can_be_dead_lettered() -> None:
    headers = tuple((f"h{number}", b"x" * 9_000) for number in range(150))
    odd = Record(b"k" * 600_000, b"v" * 1_000_000, headers)
    message = reroute(Failure(odd, Invalid("x" * 5_000)), "metrics", START)
    size = len(message.key) + len(message.value) + sum(len(text) for _, text in message.headers)
    assert size < 950_000
    assert desk_headers(message)[TRUNCATED] == "1000000"
    assert desk_headers(message)[REASON_CODE] == "invalid"


def test_a_held_record_tells_where_it_was_read() -> None:
    buffered = buffer_record(RAW)
    back = restore_record(buffered)
    assert (back.topic, back.partition, back.offset) == ("x-desk.tickets", 3, 42)
    assert (back.key, back.value) == (RAW.key, RAW.value)
    message = reroute(Failure(back, LATER), "metrics", START, "x-")
    assert message.topic == "desk.tickets.metrics.retry"
    assert desk_headers(message)[ORIGIN] == "x-desk.tickets/3/42"


def test_a_record_held_on_its_way_through_the_retry_topic_keeps_its_history() -> None:
    first = reroute(Failure(RAW, LATER, "clocks", "t"), "metrics", START, "x-")
    second = reroute(Failure(again(first), LATER), "metrics", START, "x-")
    back = restore_record(buffer_record(again(second, 7)))
    assert attempts_of(back) == 3
    dead = reroute(Failure(back, Invalid("no")), "metrics", datetime.now(UTC), "x-")
    assert dead.topic == "desk.tickets.metrics.dead"
    assert desk_headers(dead)[ORIGIN] == "x-desk.tickets/3/42"


def test_copies_are_the_same_wherever_they_were_read() -> None:
    retried_copy = again(reroute(Failure(RAW, LATER), "metrics", START, "x-"))
    assert is_same(buffer_record(RAW), buffer_record(replace(RAW, offset=99, partition=0)))
    assert is_same(buffer_record(RAW), buffer_record(retried_copy))
    assert not is_same(buffer_record(RAW), buffer_record(record(noted("t", 2))))


def test_when_it_came_is_the_same_after_a_retry_and_nobody_outside_says_it() -> None:
    class Dated(Record):
        timestamp = int(START.timestamp() * 1000)

    raw = Dated(RAW.key, RAW.value, RAW.headers, RAW.topic, RAW.partition, RAW.offset)
    assert find_arrival(raw) == START
    retried = again(reroute(Failure(raw, LATER), "metrics", START + timedelta(hours=1), "x-"))
    assert find_arrival(retried) == START
    forged = replace(RAW, headers=((ARRIVED, b"1"),))
    assert find_arrival(forged) is None
    assert find_arrival(replace(retried, headers=((ARRIVED, b"9" * 400),))) is None
