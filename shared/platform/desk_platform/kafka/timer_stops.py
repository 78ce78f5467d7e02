"""What could still stop a timer that says something: each timer of a service declares it.

Who decides from the absence of an event must have read everything that could have brought it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnPartition:
    """Events of this topic with the document's own key: only the member with the partition has
    read them."""

    topic: str


@dataclass(frozen=True, slots=True)
class AllPartitions:
    """Events of these topics under any key: every member of the group must have read its part."""

    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NothingUnread:
    """No event that waits to be read could make it untrue; `why` says so to whoever reads on."""

    why: str


Stops = OwnPartition | AllPartitions | NothingUnread
