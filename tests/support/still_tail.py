"""The end of a topic on which nothing happens, for what answers without a broker."""

from collections.abc import Sequence

from desk_contracts import AnyEvent
from desk_platform.clock import Clock
from desk_platform.health import Health
from desk_platform.kafka.log_position import LogPosition
from desk_platform.kafka.recent_records import ReadEvent, RecentRecords
from desk_platform.kafka.topic_tail import TopicTail
from desk_platform.settings import KafkaSettings


class StillTail(TopicTail):
    """Read to its end from the start."""

    def __init__(self, topic: str, clock: Clock) -> None:
        super().__init__(KafkaSettings(bootstrap="nowhere:9092"), topic, clock, Health(clock))
        self._position = LogPosition("0" * 12, (0,))
        self._recent = RecentRecords(self._position)
        self._read.set()

    def grow(self, events: Sequence[AnyEvent]) -> None:
        """These came, and whoever was not there missed them."""
        for event in events:
            offset = self.position.at(0)
            if self._recent is not None:
                self._recent.add(ReadEvent(0, offset, event))
            self._position = self.position.after(0, offset)
