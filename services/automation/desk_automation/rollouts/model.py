"""How far a runbook's rings are, which targets showed its fault of late, and whether it is stopped.

State only; `decide.py` decides about rings, `fleet.py` about many equal faults.
"""

from datetime import datetime, timedelta
from math import ceil

from desk_contracts.chain import Link
from desk_contracts.events.automation import StopKind
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message
from pydantic import Field


class PlannedRollout(Frozen):
    """The rings as the runbook declares them."""

    first: int
    most: int
    healed_percent: float
    hold: timedelta
    wait: timedelta
    restart_after: timedelta


class Place(Frozen):
    """One target's place in a ring: called, then started, then with a verdict."""

    run: str
    target: str = ""
    # One that is called must start by then, else another gets its place; of one that started
    # nothing is heard any more after it, which is no cure.
    until: datetime
    is_started: bool = False
    # Whether its timer was set off, so that it need not find its place by itself.
    is_rescheduled: bool = False
    is_healed: bool | None = None
    ended_at: datetime | None = None


class Ring(Frozen):
    """The ring that is open, of one version of the runbook."""

    version: str = ""
    # When the first run of this version matched: one that matched before is of an older version.
    since: datetime | None = None
    rules: PlannedRollout | None = None
    title: str = ""
    team: str = ""
    number: int = Field(default=1, ge=1)
    size: int = Field(default=1, ge=1)
    places: tuple[Place, ...] = ()
    opened_at: datetime | None = None
    # How many of the ring before were healed when it opened.
    earned_by: int = 0
    # When a run last began or ended in it.
    used_at: datetime | None = None

    @property
    def healed(self) -> int:
        """How many targets are verified as healed."""
        return sum(place.is_healed is True for place in self.places)

    @property
    def failed(self) -> int:
        """How many are not, or not known to be."""
        return sum(place.is_healed is False for place in self.places)

    @property
    def under_way(self) -> int:
        """How many have no verdict yet."""
        return sum(place.is_healed is None for place in self.places)

    @property
    def needed(self) -> int:
        """How many of it must be healed to go on; never more than it has, at least one."""
        share = 100.0 if self.rules is None else self.rules.healed_percent
        return min(self.size, max(1, ceil(self.size * share / 100 - 1e-9)))

    @property
    def held_until(self) -> datetime | None:
        """Until when its cures must last; None while one has no verdict, or a place is free."""
        ends = [place.ended_at for place in self.places if place.ended_at is not None]
        if self.rules is None or len(ends) < self.size or self.under_way:
            return None
        return max(ends) + self.rules.hold

    def place_of(self, run: str) -> Place | None:
        """The run's place, if it has one."""
        return next((place for place in self.places if place.run == run), None)


class FaultSeen(Frozen):
    """A target that showed the runbook's fault, by the time of its signal."""

    target: str
    at: datetime


class RunbookStop(Frozen):
    """Why the runbook starts nothing any more. `run`: the one whose ticket has the evidence."""

    kind: StopKind
    at: datetime
    reason: Message
    title: str
    team: str
    targets: tuple[str, ...] = ()
    # How many show it, also beyond those listed.
    target_count: int = 0
    run: str = ""


class RolloutState(Frozen):
    """All of one runbook, over its versions."""

    ring: Ring = Ring()
    faults: tuple[FaultSeen, ...] = ()
    stop: RunbookStop | None = None
    # Runs that wait for a place, or for the runbook, the first that came first.
    waiting: tuple[str, ...] = ()
    # Where the chain of its transitions ends.
    link: Link = Link()

    @property
    def due(self) -> datetime | None:
        """When it is to be looked at: a place is given away, a ring opens."""
        ring = self.ring
        open_places = [place for place in ring.places if place.is_healed is None]
        moments = [
            place.until if place.is_started or place.is_rescheduled else place.until - CALL
            for place in open_places
        ]
        if self.stop is None and ring.held_until is not None:
            moments.append(ring.held_until)
        return min(moments, default=None)


# One that is called has so long to start; longer than runs take to look again by themselves.
CALL = timedelta(minutes=3)
