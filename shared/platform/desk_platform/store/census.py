"""What `desk audit` counts of a collection, document by document."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One ticket as a store knows it: the last event it has, unpublished ones, buffered ones."""

    id: str
    sequence: int
    waiting: int = 0
    buffered: int = 0
