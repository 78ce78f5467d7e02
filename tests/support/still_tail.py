"""The end of a topic on which nothing happens, for what answers without a broker."""

from desk_platform.clock import Clock
from desk_platform.health import Health
from desk_platform.kafka.log_position import LogPosition
from desk_platform.kafka.recent_records import RecentRecords
from desk_platform.kafka.topic_tail import TopicTail
from desk_platform.settings import KafkaSettings


class StillTail(TopicTail):
    """Read to its end from the start."""

    def __init__(self, topic: str, clock: Clock) -> None:
        super().__init__(KafkaSettings(bootstrap="nowhere:9092"), topic, clock, Health(clock))
        self._position = LogPosition("0" * 12, (0,))
        self._recent = RecentRecords(self._position)
