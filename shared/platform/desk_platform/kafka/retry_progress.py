"""How far a member has read the partitions of a topic, what the group puts off included.

A record that is put off is passed by where it was read, and waits in the retry topic under whatever
partition its key has there. It may be what a verdict hangs on.
"""

from collections.abc import Collection, Mapping

from desk_platform.kafka.watermarks import PartitionLog

_ALL = 0


class RetriedReading:
    """One topic's partitions, each read once the retry topic is; see `watermarks.PartitionLog`.

    The end of the retry topic is asked for after the partition is handled: until then more may be
    put off. A question that was asked later by another partition does as well.
    """

    def __init__(self, own: PartitionLog, retries: PartitionLog) -> None:
        """`retries` stands for all partitions of the retry topic as one."""
        self._own, self._retries = own, retries
        # How many questions were asked so far, and what the last one was answered with.
        self._requests, self._question = 0, 0
        # The end up to which a partition is handled, and the first question that may answer it.
        self._needs: dict[int, tuple[int, int]] = {}

    def partition_count(self) -> int | None:
        return self._own.partition_count()

    def own_partitions(self) -> Collection[int]:
        return self._own.own_partitions()

    def assignment_number(self) -> int:
        return self._own.assignment_number()

    async def end_offsets(self, partitions: Collection[int]) -> Mapping[int, int]:
        return await self._own.end_offsets(partitions)

    async def has_handled(self, partition: int, end: int) -> bool:
        if not await self._own.has_handled(partition, end):
            self._needs.pop(partition, None)
            return False
        before, needed = self._needs.get(partition, (end, self._requests + 1))
        if before != end:
            needed = self._requests + 1
        self._needs[partition] = (end, needed)
        if self._requests < needed:
            question = (await self._retries.end_offsets((_ALL,))).get(_ALL)
            if question is None:
                return False
            self._requests, self._question = self._requests + 1, question
        if not await self._retries.has_handled(_ALL, self._question):
            return False
        self._needs.pop(partition, None)
        return True
