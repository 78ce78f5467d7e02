"""How often a fix is needed: when it is too often, its owner gets a problem. Pure.

Only verified cures count; one that did not last was needed all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import FixRepeated
from desk_contracts.ids import derive_id
from desk_contracts.names import AUTOMATION_SOURCE
from desk_kernel import Decision

from desk_automation.recurrence.model import Debt, Fix, PlannedDebt

# As long as the longest time that a charter can declare.
KEPT = timedelta(days=90)
# More than can be closed between a crash and the next try of the same run.
MAX_NEWEST = 200
MAX_NAMED = 20


def debt_id(runbook: str, target: str = "") -> str:
    """Of one target, or of the runbook as a whole."""
    return derive_id(runbook, f"debt/{target}")


def count_since(by_day: Mapping[str, int], days: int, now: datetime) -> int:
    """How many in so many UTC days, today included."""
    first = _day(now - timedelta(days=days - 1))
    return sum(count for day, count in by_day.items() if day >= first)


@dataclass(frozen=True, slots=True)
class Cause:
    """What a fix is for: its runbook, and what that declared when the run was planned."""

    runbook: str
    title: str
    service: str
    plan: PlannedDebt | None


def add_fix(
    debt: Debt | None, fix: Fix, cause: Cause, now: datetime, *, is_of_target: bool
) -> Decision[Debt] | None:
    """The debt with one cure more, and the event if that is one too many; None if it is counted."""
    debt = debt or Debt(runbook=cause.runbook, target=fix.target if is_of_target else "")
    if any(item.run == fix.run for item in debt.newest):
        return None
    changes: dict[str, object] = {
        "by_day": _count_in(debt.by_day, fix.at, now),
        "newest": (*debt.newest, fix)[-MAX_NEWEST:],
    }
    unreported = _count_in(debt.unreported, fix.at, now)
    plan = cause.plan or PlannedDebt(team="")
    bound = plan.per_target if is_of_target else plan.per_cause
    count = 0 if bound is None else count_since(unreported, bound.days, now)
    if bound is None or count < bound.times:
        return Decision(debt.model_copy(update={**changes, "unreported": unreported}))
    reported = {"unreported": {}, "reports": debt.reports + 1, "reported_at": now}
    after = debt.model_copy(update=changes | reported)
    return Decision(after, (_emit_repeated(after, cause, count, bound.days, now),))


def _emit_repeated(debt: Debt, cause: Cause, count: int, days: int, now: datetime) -> AnyEvent:
    data = FixRepeated(
        runbook=cause.runbook,
        title=cause.title,
        why=cause.plan.why if cause.plan else "",
        team=cause.plan.team if cause.plan else "",
        target=debt.target,
        service=cause.service,
        count=count,
        days=days,
        runs=tuple(item.run for item in debt.newest[-min(count, MAX_NAMED) :]),
        number=debt.reports,
    )
    id = derive_id(debt_id(cause.runbook, debt.target), f"repeated/{debt.reports}")
    return Event(
        id=id,
        source=AUTOMATION_SOURCE,
        subject=debt.target or cause.runbook,
        time=now,
        data=data,
        correlation_id=id,
        causation_id=derive_id(debt.newest[-1].run, "healed"),
    )


def _count_in(by_day: Mapping[str, int], at: datetime, now: datetime) -> dict[str, int]:
    oldest, day = _day(now - KEPT), _day(at)
    counted = {**by_day, day: by_day.get(day, 0) + 1}
    return {name: count for name, count in sorted(counted.items()) if name >= oldest}


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
