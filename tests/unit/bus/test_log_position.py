"""Positions in a topic as texts, and the newest records in memory."""

from datetime import UTC, datetime

import pytest
from desk_contracts import AnyEvent, Event
from desk_contracts.errors import Invalid
from desk_contracts.events.tickets import TicketStarted
from desk_platform.kafka.log_position import LogPosition
from desk_platform.kafka.recent_records import ReadEvent, RecentRecords
from hypothesis import given
from hypothesis import strategies as st

MADE = "0123456789ab"
START = LogPosition(MADE, (0, 0))


def event(number: str) -> AnyEvent:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    return Event(f"e-{number}", "/desk/intake", "t-1", at, TicketStarted(by="max"))


def record(partition: int, offset: int, size: int = 1) -> ReadEvent:
    return ReadEvent(partition, offset, event(f"{partition}-{offset}"), size)


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=20))
def test_a_position_is_read_as_it_was_written(offsets: list[int]) -> None:
    position = LogPosition(MADE, tuple(offsets))
    assert LogPosition.parse(position.text) == position


@pytest.mark.parametrize(
    "text",
    ["", "17", MADE, f"{MADE}-", f"{MADE}-1-", f"{MADE}--1", f"{MADE}-A", f"{MADE}-٣",
     f"{MADE}-1\n", f"{MADE}-zzzzzzzzzzzzz", f"{MADE}" + "-1" * 1_001],
)  # fmt: skip
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        LogPosition.parse(text)


def test_a_partition_that_came_later_is_read_from_its_start() -> None:
    old, new = LogPosition(MADE, (7,)), LogPosition(MADE, (9, 4))
    assert (old.at(1), old.count_to(new), old.join(new)) == (0, 6, new)


def test_a_record_moves_its_partition_alone_and_never_back() -> None:
    position = START.after(1, 4)
    assert position.offsets == (0, 5)
    assert position.after(1, 2).offsets == (0, 5)


def test_what_lies_between_two_positions_is_in_the_order_of_reading() -> None:
    recent = RecentRecords(START)
    for partition, offset in ((0, 0), (1, 0), (1, 1), (0, 1), (1, 2)):
        recent.add(record(partition, offset))
    since, until = LogPosition(MADE, (1, 1)), LogPosition(MADE, (2, 2))
    between = [(item.partition, item.offset) for item in recent.list_between(since, until)]
    assert between == [(1, 1), (0, 1)]
    assert recent.list_between(until, until) == []


def test_the_oldest_make_room_and_whoever_needs_them_is_not_covered() -> None:
    recent = RecentRecords(START, most=2, most_bytes=100)
    for offset in range(3):
        recent.add(record(1, offset))
    assert recent.begin.offsets == (0, 1)
    assert not recent.covers(START)
    assert recent.covers(LogPosition(MADE, (0, 1)))
    recent.add(record(0, 0, size=100))
    assert recent.begin.offsets == (0, 3), "by their bytes as well"


def test_a_copy_is_no_second_event_as_long_as_the_first_is_here() -> None:
    recent = RecentRecords(START, most=2)
    assert recent.add(record(0, 0))
    assert not recent.add(ReadEvent(0, 1, event("0-0")))
    assert recent.add(record(0, 2))
    assert recent.add(record(0, 3))
    assert recent.add(ReadEvent(0, 4, event("0-0")))
