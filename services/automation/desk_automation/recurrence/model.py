"""What came back at one target: the troubles that showed there, and the cures that were proven."""

from datetime import datetime

from desk_contracts.frozen import Frozen


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
