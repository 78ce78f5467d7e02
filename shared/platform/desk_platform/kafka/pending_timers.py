"""Timers that are due but may not fire yet: something that was said in time may still be unread.

A verdict that waits is shown, since late is right and wrong is not.
"""

import heapq
from collections.abc import Mapping
from datetime import datetime, timedelta

from desk_platform.clock import Clock
from desk_platform.health import Health, State
from desk_platform.kafka.watermarks import Watermarks
from desk_platform.telemetry import Meters, get_logger, names

log = get_logger()

# Longer than any timer waits while all is well.
WORTH_REPORTING = timedelta(seconds=5)


class WaitingTimers:
    """What waits, by the partition it waits for, soonest first."""

    def __init__(self, name: str, clock: Clock, meters: Meters, health: Health | None) -> None:
        self._name, self._clock, self._meters, self._health = name, clock, meters, health
        self._by_partition: dict[int | None, list[tuple[datetime, str]]] = {}
        self._is_said = False

    def add(self, due: Mapping[str, datetime], watermarks: Watermarks) -> None:
        """Note these as due; another member fires those whose partition it holds."""
        for id, moment in due.items():
            partition = watermarks.partition_of(id)
            if partition is None or watermarks.is_assigned(partition):
                heapq.heappush(self._by_partition.setdefault(partition, []), (moment, id))

    def partitions(self) -> list[int]:
        """The partitions that something waits for; unknown ones are asked for at the next look."""
        return [
            partition
            for partition, waiting in self._by_partition.items()
            if partition is not None and waiting
        ]

    def take(self, partition: int, until: datetime, most: int) -> dict[str, datetime]:
        """Those that were due no later than `until`, which no longer wait."""
        waiting = self._by_partition.get(partition, [])
        ready: dict[str, datetime] = {}
        while waiting and waiting[0][0] <= until and len(ready) < most:
            due, id = heapq.heappop(waiting)
            ready.setdefault(id, due)
        return ready

    def clear(self) -> None:
        """All of them are in the store, from where they come again."""
        self._by_partition.clear()

    def show(self, watermarks: Watermarks) -> None:
        """Set gauge and health to the deadline that waits longest."""
        firsts = [
            (waiting[0][0], number) for number, waiting in self._by_partition.items() if waiting
        ]
        oldest, partition = min(firsts, default=(None, None), key=lambda pair: pair[0])
        waits = timedelta(0) if oldest is None else self._clock.now() - oldest
        self._meters.timer_waiting.set(waits.total_seconds(), {names.TIMER_KIND: self._name})
        if self._health is None:
            return
        component = f"verdicts of {self._name}"
        self._health.expect(component, required=False, unless_known=True)
        if oldest is None or waits < WORTH_REPORTING:
            self._health.mark(component, State.READY)
            return
        reason = watermarks.why_not(partition)
        text = f"the deadline of {oldest.isoformat()} waits, since {reason}"
        self._health.mark(component, State.DEGRADED, text)
