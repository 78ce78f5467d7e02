"""How far a group has read each topic, and which topic that was: a position belongs to its id.

All replicas of a service share these. `desk topics adopt` is the only other writer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Position:
    """One group's reading of one topic.

    `generation` counts how often a topic made anew was taken for this one; marks of documents
    belong to it. `offsets` says by partition where to read on; `replaced` why reading is stopped.
    """

    group: str
    topic: str
    cluster: str
    topic_id: str
    generation: int = 0
    offsets: Mapping[int, int] = field(default_factory=dict)
    replaced: str = ""

    @property
    def id(self) -> str:
        return f"{self.group}/{self.topic}"


class Positions(Protocol):
    """Where they are kept."""

    async def of(self, group: str) -> dict[str, Position]: ...
    async def begin(self, position: Position) -> None: ...
    async def advance(self, position: Position, offsets: Mapping[int, int]) -> None: ...
    async def all(self) -> list[Position]: ...
    async def stop(self, position: Position, reason: str) -> None: ...
    async def adopt(self, position: Position, cluster: str, topic_id: str) -> bool: ...
