"""Which consumer of this process reads which topics; what watches reading progress asks here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from desk_platform.kafka.tracked_consumer import TrackedConsumer

# None while it is not connected.
CurrentConsumer = Callable[[], TrackedConsumer | None]


@dataclass(frozen=True, slots=True)
class Reader:
    """Topics, with prefix, that one consumer group reads, and this process's member of it."""

    topics: frozenset[str]
    consumer: CurrentConsumer


class Readers:
    """The consumer groups of this process. Each topic is read by one of them at most."""

    def __init__(self) -> None:
        self._readers: list[Reader] = []

    def add(self, topics: Collection[str], consumer: CurrentConsumer) -> None:
        """Another group; its topics with prefix."""
        self._readers.append(Reader(frozenset(topics), consumer))

    def consumer_of(self, topic: str) -> TrackedConsumer | None:
        """The member that reads the topic; None while there is none or it is not connected."""
        for reader in self._readers:
            if topic in reader.topics:
                return reader.consumer()
        return None

    def find(self, topics: frozenset[str]) -> list[Reader]:
        """The groups that read any of these topics, each with those of them that it reads."""
        return [
            Reader(mine, reader.consumer)
            for reader in self._readers
            if (mine := reader.topics & topics)
        ]
