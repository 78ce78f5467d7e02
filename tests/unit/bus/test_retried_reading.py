"""A partition is heard only when what the group has put off of its topic is, too."""

from collections.abc import Collection, Mapping

import pytest
from desk_platform.kafka.retry_progress import RetriedReading


class Own:
    """Partitions whose records are handled or not."""

    def __init__(self) -> None:
        self.handled: set[int] = set()

    def partition_count(self) -> int | None:
        return 4

    def own_partitions(self) -> Collection[int]:
        return (0, 1)

    def assignment_number(self) -> int:
        return 7

    async def end_offsets(self, partitions: Collection[int]) -> Mapping[int, int]:
        return dict.fromkeys(partitions, 5)

    async def has_handled(self, partition: int, end: int) -> bool:  # noqa: ARG002
        return partition in self.handled


class Retries:
    """The retry topic: what is put off, and how much of it was read when somebody asked last."""

    def __init__(self) -> None:
        self.waiting = 0
        self.questions = 0
        self.is_known = True
        self._left = 0

    def partition_count(self) -> int | None:
        return 1

    def own_partitions(self) -> Collection[int]:
        return (0,)

    def assignment_number(self) -> int:
        return 0

    async def end_offsets(self, partitions: Collection[int]) -> Mapping[int, int]:
        if not self.is_known:
            return {}
        self.questions += 1
        self._left = self.waiting
        return dict.fromkeys(partitions, self.questions)

    async def has_handled(self, partition: int, end: int) -> bool:  # noqa: ARG002
        assert end == self.questions, "an outdated question"
        return not self._left

    def read(self) -> None:
        """The group reads all that it has put off."""
        self.waiting = self._left = 0


@pytest.fixture
def own() -> Own:
    return Own()


@pytest.fixture
def retries() -> Retries:
    return Retries()


@pytest.fixture
def reading(own: Own, retries: Retries) -> RetriedReading:
    return RetriedReading(own, retries)


async def test_with_nothing_put_off_it_is_heard_as_soon_as_it_is_handled(
    reading: RetriedReading, own: Own
) -> None:
    assert not await reading.has_handled(0, 5)
    own.handled.add(0)
    assert await reading.has_handled(0, 5)
    assert (reading.partition_count(), reading.assignment_number()) == (4, 7)
    assert await reading.end_offsets((1,)) == {1: 5}


async def test_a_record_that_is_put_off_while_the_partition_is_read_is_waited_for(
    reading: RetriedReading, own: Own, retries: Retries
) -> None:
    assert not await reading.has_handled(0, 5)
    assert retries.questions == 0  # more may be put off until the partition is handled
    retries.waiting = 1
    own.handled.add(0)
    assert not await reading.has_handled(0, 5)
    assert not await reading.has_handled(0, 5)
    retries.read()
    assert await reading.has_handled(0, 5)
    assert retries.questions == 1


async def test_each_end_is_a_question_of_its_own(
    reading: RetriedReading, own: Own, retries: Retries
) -> None:
    own.handled.add(0)
    assert await reading.has_handled(0, 5)
    retries.waiting = 1
    assert not await reading.has_handled(0, 6)


async def test_a_later_question_of_another_partition_does_as_well(
    reading: RetriedReading, own: Own, retries: Retries
) -> None:
    retries.waiting = 1
    own.handled |= {0, 1}
    for _ in range(3):
        assert not await reading.has_handled(0, 5)
        assert not await reading.has_handled(1, 9)
    assert retries.questions == 2
    retries.read()
    assert await reading.has_handled(0, 5)
    assert await reading.has_handled(1, 9)


async def test_while_the_retry_topic_is_not_known_nothing_is_heard(
    reading: RetriedReading, own: Own, retries: Retries
) -> None:
    own.handled.add(0)
    retries.is_known = False
    assert not await reading.has_handled(0, 5)
    retries.is_known = True
    assert await reading.has_handled(0, 5)
