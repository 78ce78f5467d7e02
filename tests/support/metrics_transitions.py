"""What the simple reckoning of SLAs keeps while it walks."""

from dataclasses import dataclass
from datetime import datetime

from desk_charter.slas import SlaPolicy
from desk_contracts.events.sla import ClockName

from tests.support.metrics_walls import Walls


@dataclass
class Debt:
    """Something owed."""

    clock: ClockName
    team: str
    cycle: int
    since: datetime


@dataclass
class Vow:
    """An SLA on a debt."""

    debt: Debt
    policy: SlaPolicy
    version: str
    walls: Walls
    applies: datetime
    start: datetime
    # In steps, as is `used`.
    goal: int
    # Per cent and steps of the warnings to come, the next one last.
    warnings: list[tuple[int, int]]
    used: int = 0
    due: datetime | None = None
    is_held: bool = False
    is_breached: bool = False
    status: str = "running"
    end: datetime | None = None


@dataclass
class Label:
    """What was true of the ticket from one step to the next."""

    at: datetime
    waiting: str
    is_resting: bool


Owed = tuple[ClockName, str, int]
# One thing said: of which clock, cycle and team, under which policy and version, what and when.
SlaTransition = tuple[str, int, str, str, str, str, datetime]
