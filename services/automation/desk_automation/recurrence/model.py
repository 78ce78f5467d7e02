"""What comes back: troubles and cures of one target, and how often a fix was needed."""

from datetime import datetime

from desk_contracts.chain import Link
from desk_contracts.frozen import Frozen
from pydantic import Field


class Trouble(Frozen):
    """A trouble that showed; `signal` is what it is called, empty where a person saw it.

    `runbooks` are those that match it at this target.
    """

    episode: str
    at: datetime
    signal: str = ""
    runbooks: tuple[str, ...] = ()


class Cure(Frozen):
    """A run that was proven to have helped, at that moment."""

    run: str
    runbook: str
    episode: str
    at: datetime
    signal: str = ""
    is_relapsed: bool = False


class Relapse(Frozen):
    """The same trouble at the same target, too soon after a cure."""

    run: str
    episode: str
    signal: str
    at: datetime


class TargetHistory(Frozen):
    """Troubles and cures of one target; `relapses` are those that their runs do not know yet."""

    troubles: tuple[Trouble, ...] = ()
    cures: tuple[Cure, ...] = ()
    relapses: tuple[Relapse, ...] = ()


class DebtBound(Frozen):
    """So many cures in so many days are too many."""

    times: int
    days: int


class PlannedDebt(Frozen):
    """When the owner of a runbook gets a problem, as it stood when the run was planned."""

    team: str
    why: str = ""
    per_target: DebtBound | None = None
    per_cause: DebtBound | None = None


class Fix(Frozen):
    """One verified cure that a debt counts."""

    run: str
    target: str
    at: datetime


class Debt(Frozen):
    """How often one fix was needed: at one target, or at all of them.

    `by_day` counts cures by UTC day; `unreported` those of them that no event has told of yet.
    `newest` are the last ones, also against counting one twice.
    """

    runbook: str
    target: str = ""
    by_day: dict[str, int] = Field(default_factory=dict)
    unreported: dict[str, int] = Field(default_factory=dict)
    newest: tuple[Fix, ...] = ()
    reports: int = 0
    reported_at: datetime | None = None
    # Where the chain of what it told ends.
    link: Link = Link()
