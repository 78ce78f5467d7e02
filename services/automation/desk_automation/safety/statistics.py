"""What a runbook did of late: its hourly limit, and the breaker that stops cures that are none."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_shared.events.automation import Outcome
from desk_shared.events.message import message
from desk_shared.frozen import Frozen
from pydantic import Field

from desk_automation.safety.model import Bounds, Refusal

HOUR = timedelta(hours=1)
MAX_COUNTED = 200
_BAD = frozenset({Outcome.NOT_HEALED, Outcome.INCONCLUSIVE, Outcome.IN_DOUBT})


class Start(Frozen):
    """A run that was let start."""

    run: str
    at: datetime


class RunbookStatistics(Frozen):
    """The record of one runbook, over all its versions."""

    starts: tuple[Start, ...] = ()
    counted: tuple[str, ...] = ()
    failures: int = 0
    # What failed since the last cure, each target once.
    failed: tuple[str, ...] = ()
    opened_at: datetime | None = None
    canary: str = ""
    totals: dict[str, int] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. Evidence against a runbook is only what it sent.

    A host that may not be called, an address that cannot be planned, a device that is not there:
    whoever writes telemetry can make these up, and none of them says that the cure is none.
    """

    outcome: Outcome | None
    target: str
    has_sent: bool


def breaker_of(book: RunbookStatistics, bounds: Bounds, now: datetime) -> str:
    """closed, open, or half-open: then one run may try."""
    if book.opened_at is None:
        return "closed"
    return "open" if now < book.opened_at + bounds.reopen_after else "half-open"


def started_within_hour(book: RunbookStatistics, now: datetime) -> int:
    """How much of the hourly limit is used."""
    return len(_last_hour(book, now))


def refusal(book: RunbookStatistics, run: str, bounds: Bounds, now: datetime) -> Refusal | None:
    """Why the runbook may not start this run now."""
    if any(start.run == run for start in book.starts):
        return None
    if book.opened_at is not None:
        until = book.opened_at + bounds.reopen_after
        if now < until:
            return Refusal("breaker", message("refusal.breaker", failures=book.failures), until)
        if book.canary not in {"", run}:
            return Refusal("breaker", message("refusal.canary", failures=book.failures))
    starts = _last_hour(book, now)
    if len(starts) >= bounds.per_hour:
        free = starts[-bounds.per_hour].at + HOUR
        return Refusal("limit", message("refusal.per-hour", count=len(starts)), free)
    return None


def admit(
    book: RunbookStatistics | None, run: str, bounds: Bounds, now: datetime
) -> RunbookStatistics | None:
    """The book with one more start; None if refused or counted already."""
    book = book or RunbookStatistics()
    if any(start.run == run for start in book.starts) or refusal(book, run, bounds, now):
        return None
    starts = (*_last_hour(book, now), Start(run=run, at=now))
    canary = run if book.opened_at is not None else ""
    return book.model_copy(update={"starts": starts, "canary": canary})


def record(
    book: RunbookStatistics | None, run: str, ended: Ended, bounds: Bounds, now: datetime
) -> RunbookStatistics | None:
    """The book after a run's end, counted once; None if it was counted before."""
    outcome = ended.outcome
    book = book or RunbookStatistics()
    if run in book.counted:
        return None
    name = "skipped" if outcome is None else outcome.value
    changes: dict[str, object] = {
        "counted": (*book.counted, run)[-MAX_COUNTED:],
        "totals": {**book.totals, name: book.totals.get(name, 0) + 1},
        "canary": "" if book.canary == run else book.canary,
    }
    if outcome is Outcome.HEALED:
        changes |= {"failures": 0, "failed": (), "opened_at": None}
    elif outcome in _BAD and ended.has_sent:
        failed = tuple(dict.fromkeys((*book.failed, ended.target)))[-MAX_COUNTED:]
        # One that tried in the half-open state counts, whoever it is.
        is_open = len(failed) >= bounds.failures or book.canary == run
        changes |= {
            "failures": len(failed),
            "failed": failed,
            "opened_at": now if is_open else book.opened_at,
        }
    return book.model_copy(update=changes)


def corrected(
    book: RunbookStatistics | None, run: str, was: Outcome, target: str, bounds: Bounds
) -> RunbookStatistics | None:
    """The book once a run that counted as `was` turned out to have helped; None if it is done."""
    mark = f"{run} corrected"
    if book is None or mark in book.counted:
        return None
    totals = {**book.totals, was.value: max(0, book.totals.get(was.value, 0) - 1)}
    totals[Outcome.HEALED.value] = totals.get(Outcome.HEALED.value, 0) + 1
    failed = tuple(one for one in book.failed if one != target)
    is_open = book.opened_at is not None and len(failed) >= bounds.failures
    return book.model_copy(
        update={
            "counted": (*book.counted, mark)[-MAX_COUNTED:],
            "totals": totals,
            "failures": len(failed) if target in book.failed else book.failures,
            "failed": failed,
            "opened_at": book.opened_at if is_open else None,
        }
    )


def _last_hour(book: RunbookStatistics, now: datetime) -> tuple[Start, ...]:
    return tuple(start for start in book.starts if start.at > now - HOUR)
