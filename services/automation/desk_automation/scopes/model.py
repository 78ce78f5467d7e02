"""A scope: what acts in it, who waits for it, and whether cures help there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from desk_contracts.chain import Link
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message
from pydantic import Field

from desk_automation.safety.queue_numbers import QueueNumbers

Kind = Literal["runbook", "site", "service"]


class PlannedScope(Frozen):
    """A limit of a runbook, as it was when the run was planned."""

    by: Kind
    at_once: int | None = None
    per_hour: int | None = None
    people_at_once: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """What holds for a scope now. `failures`: cures that were none, after which nothing acts there
    for `reopen_after`; 0 for no end."""

    kind: Kind
    name: str
    """Of the site or service; empty where that is not known."""
    owner: str = ""
    """The team that answers for the service."""
    at_once: int | None = None
    per_hour: int | None = None
    people_at_once: int | None = None
    failures: int = 0
    reopen_after: timedelta = timedelta()


class Repair(Frozen):
    """A run that was let in. `until`: when it counts as over though nobody said so."""

    run: str
    at: datetime
    until: datetime
    people: int | None = None
    has_ended: bool = False

    def is_active(self, now: datetime) -> bool:
        """Whether it still counts as at work."""
        return not self.has_ended and self.until > now


class Scope(Frozen):
    """What acts in a scope or did within the hour, and what became of it."""

    repairs: tuple[Repair, ...] = ()
    queue_numbers: QueueNumbers = QueueNumbers()
    counted: tuple[str, ...] = ()
    failures: int = 0
    failed: tuple[str, ...] = ()
    """The newest runs of these."""
    stopped_at: datetime | None = None
    """Since when its breaker is not closed."""
    opened_at: datetime | None = None
    """When it opened last: a try that fails opens it anew."""
    canary: str = ""
    told_by: dict[str, str] = Field(default_factory=dict)
    """Of the open breaker: which run brings a cause to people."""
    link: Link = Link()
    """Where the chain of its transitions ends."""


@dataclass(frozen=True, slots=True)
class ScopeRequest:
    """A run that wants to act. `people`: how many it concerns; None if nobody knows."""

    run: str
    cause: str
    people: int | None
    until: datetime
    runbook: str = ""
    queue_number: int = 0
    """Of one that waits in line there already."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run that changes a breaker, and how it ended, where it has."""

    run: str
    runbook: str
    reason: Message | None = None
