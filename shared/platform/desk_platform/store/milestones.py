"""How often each consumer group has noted that it went on.

The note is made in the store and goes with the commits that follow it. Brokers that know of a later
one than the store prove that the store was put back to an older state.
"""

from collections.abc import Mapping
from typing import Protocol


class Milestones(Protocol):
    """Where they are kept."""

    async def next(self, group: str) -> int: ...
    async def all(self) -> Mapping[str, int]: ...
