"""What one stored document is: a state, what was handled, and the events still to be published.

All three change in one write, so a crash can never separate them. Pure; the driver is elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import ClassVar, Generic, TypeVar

from desk_contracts.codec import Message
from desk_contracts.errors import DeskError

S = TypeVar("S")

# Duplicates from a producer or a relay come close together, so the newest identities are here and
# the older ones beside the document. The first one stays: it made the document.
MOST_HERE = 64
KEPT_HERE = 32


class Unreadable(DeskError):
    """Documents that cannot be read: written by a bug, or read by one. By id, with the reasons."""

    code: ClassVar[str] = "document-unreadable"

    def __init__(self, reasons: Mapping[str, str]) -> None:
        id, reason = next(iter(reasons.items()))
        super().__init__(f"the document {id} cannot be read: {reason}")
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record was read; redelivery repeats it exactly, so it is the cheapest mark."""

    topic: str
    partition: int
    offset: int
    generation: int = 0

    @property
    def mark_key(self) -> str:
        """Where marks of this making of the topic are kept; those of others say nothing of it."""
        place = f"{self.topic.replace('.', '/')}/{self.partition}"
        return f"{place}@{self.generation}" if self.generation else place

    def supersedes(self, mark_key: str) -> bool:
        """Whether that is the same partition of an earlier making of the topic."""
        place, _, generation = mark_key.partition("@")
        is_same = place == self.mark_key.partition("@")[0]
        return is_same and int(generation or 0) < self.generation


@dataclass(slots=True)  # not frozen: the unit of work works on a copy, one for every document
class Stored(Generic[S]):
    """A document as loaded or to be written; `version` 0 means that it is not in the store yet.

    `marks` holds the last handled offset of each topic partition, `recent` the last identities of
    events, each with the digest of what it said (empty where nobody else chose the id), `recalled`
    those of the older ones that were looked up beside it (never stored with it), `sequence` the
    last number of an ordered stream, `buffered` the events that wait for a gap to close.
    `waits_since` is when the first of the outbox was recorded, whatever happened to it since.
    `unreadable` says why there is no state to be seen although there is one.
    """

    id: str
    version: int = 0
    state: S | None = None
    marks: dict[str, int] = field(default_factory=dict)
    recent: dict[str, str] = field(default_factory=dict)
    sequence: int = 0
    buffered: tuple[Message, ...] = ()
    outbox: tuple[Message, ...] = ()
    due: datetime | None = None
    unreadable: Unreadable | None = None
    waits_since: datetime | None = field(default=None, compare=False)
    recalled: dict[str, str] = field(default_factory=dict)

    def read(self) -> S | None:
        """Its state; raises what keeps it from being read, rather than say that there is none."""
        if self.unreadable is not None:
            raise self.unreadable
        return self.state

    def has_handled(self, identity: str, origin: Origin | None) -> bool:
        """True if this very record, or another event of its identity, is in the state already."""
        return self.has_read(origin) or identity in self.recent or identity in self.recalled

    def has_read(self, origin: Origin | None) -> bool:
        """True if this very record was handled before."""
        return origin is not None and origin.offset <= self.marks.get(origin.mark_key, -1)

    def has_other(self, identity: str, content: str) -> bool:
        """True if an event of this identity said something else."""
        before = self.recent.get(identity) or self.recalled.get(identity)
        return bool(before and content) and before != content

    def mark(self, identity: str, origin: Origin | None, content: str = "") -> None:
        """Note the record as handled."""
        if origin is not None:
            kept = self.marks
            if origin.generation:
                kept = {key: offset for key, offset in kept.items() if not origin.supersedes(key)}
            self.marks = {**kept, origin.mark_key: origin.offset}
        self.recent = {**self.recent, identity: content}

    @property
    def has_all(self) -> bool:
        """True if none of its identities was ever dropped: those are all that there are."""
        return len(self.recent) < KEPT_HERE

    @property
    def is_at_rest(self) -> bool:
        """True if it has nothing to publish, to wait for, or to do at some moment."""
        return not (self.outbox or self.buffered or self.due is not None)

    def older(self, stored: int) -> dict[str, str]:
        """What may be dropped once it is kept elsewhere, when the first `stored` are in the store.

        Never what this turn adds: until its write nothing of it is true.
        """
        if stored < MOST_HERE:
            return {}
        return dict(islice(self.recent.items(), 1, stored - KEPT_HERE + 1))

    def drop(self, identities: Iterable[str]) -> None:
        """Let these go."""
        gone = set(identities)
        self.recent = {name: content for name, content in self.recent.items() if name not in gone}

    def copy(self) -> "Stored[S]":
        """A working copy; no field's value is ever changed in place."""
        # Field by field: the standard library's copy takes ten times as long.
        return Stored(
            self.id,
            self.version,
            self.state,
            self.marks,
            self.recent,
            self.sequence,
            self.buffered,
            self.outbox,
            self.due,
            self.unreadable,
            self.waits_since,
            self.recalled,
        )


def whole_milliseconds(moment: datetime) -> datetime:
    """As every store keeps a timer, since BSON has no less: up, so that it never fires early."""
    return moment + timedelta(microseconds=-moment.microsecond % 1000)
