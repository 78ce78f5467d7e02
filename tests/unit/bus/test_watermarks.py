"""How far a partition is heard: only what was read to an end that was asked for afterwards."""

from collections.abc import Collection
from datetime import datetime, timedelta

from desk_platform.clock import FakeClock
from desk_platform.kafka.watermarks import Watermarks

from tests.support.bus_desk import START

SECOND = timedelta(seconds=1)


class Log:
    """Three partitions, of which a member holds some, and how far it has handled each."""

    def __init__(self, *mine: int) -> None:
        self.mine = set(mine)
        self.assignment = 1
        self.ends = {0: 10, 1: 10, 2: 10}
        self.handled = {0: 0, 1: 0, 2: 0}
        self.queries = 0
        self.is_moved_meanwhile = False

    def partition_count(self) -> int | None:
        return len(self.ends)

    def own_partitions(self) -> set[int]:
        return self.mine

    def assignment_number(self) -> int:
        return self.assignment

    async def end_offsets(self, partitions: Collection[int]) -> dict[int, int]:
        self.queries += 1
        if self.is_moved_meanwhile:
            self.assignment += 1
        return {partition: self.ends[partition] for partition in partitions}

    async def has_handled(self, partition: int, end: int) -> bool:
        return self.handled[partition] >= end


class WriterStub:
    """What the writer told last."""

    def __init__(self, until: datetime | None) -> None:
        self.until = until

    def __call__(self) -> datetime | None:
        return self.until


async def test_a_partition_is_heard_until_the_moment_before_its_end_was_asked_for() -> None:
    log, clock = Log(0), FakeClock(START)
    watermarks = Watermarks(log, clock)
    await watermarks.advance([0])
    assert watermarks.find_heard_until(0) is None
    log.handled[0] = 10
    clock.advance(SECOND)
    await watermarks.advance([0])
    assert watermarks.find_heard_until(0) == START
    assert log.queries == 1


async def test_what_came_after_the_question_is_not_waited_for() -> None:
    log, clock = Log(0), FakeClock(START)
    watermarks = Watermarks(log, clock)
    await watermarks.advance([0])
    log.ends[0], log.handled[0] = 500, 10
    await watermarks.advance([0])
    assert watermarks.find_heard_until(0) == START


async def test_a_partition_of_another_member_is_never_heard() -> None:
    log = Log(0)
    log.handled[1] = 10
    watermarks = Watermarks(log, FakeClock(START))
    await watermarks.advance([1])
    assert watermarks.find_heard_until(1) is None
    assert not watermarks.is_assigned(1)
    assert log.queries == 0


async def test_a_new_assignment_forgets_what_was_heard_before() -> None:
    log = Log(0)
    log.handled[0] = 10
    watermarks = Watermarks(log, FakeClock(START))
    await watermarks.advance([0])
    assert watermarks.find_heard_until(0) == START
    log.assignment += 1
    assert watermarks.find_heard_until(0) is None


async def test_an_answer_that_meets_a_new_assignment_counts_for_nothing() -> None:
    log = Log(0)
    log.handled[0], log.is_moved_meanwhile = 10, True
    watermarks = Watermarks(log, FakeClock(START))
    await watermarks.advance([0])
    assert watermarks.find_heard_until(0) is None


async def test_nothing_is_heard_further_than_the_writer_has_published() -> None:
    log, clock, writer = Log(0), FakeClock(START), WriterStub(None)
    log.handled[0] = 10
    watermarks = Watermarks(log, clock, writer)
    await watermarks.advance([0])
    assert watermarks.find_heard_until(0) is None
    assert "its writer has not said" in watermarks.why_not(0)
    writer.until = START - SECOND
    await watermarks.advance([0])
    assert watermarks.find_heard_until(0) == START - SECOND
    clock.advance(60 * SECOND)
    await watermarks.advance([0])
    assert watermarks.find_heard_until(0) == START - SECOND
    assert log.queries == 1


async def test_a_writer_whose_clock_is_ahead_makes_nothing_heard_in_the_future() -> None:
    log = Log(0)
    log.handled[0] = 10
    watermarks = Watermarks(log, FakeClock(START), WriterStub(START + 3600 * SECOND))
    await watermarks.advance([0])
    assert watermarks.find_heard_until(0) == START


def test_keys_lie_where_kafkas_own_clients_put_them() -> None:
    watermarks = Watermarks(Log(0), FakeClock(START))
    # murmur2, as `kafka-console-producer` prints for these keys with three partitions.
    assert {watermarks.partition_of(f"t-{number}") for number in range(50)} == {0, 1, 2}
    assert watermarks.partition_of("t-1") == watermarks.partition_of("t-1")
