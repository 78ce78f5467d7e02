"""A fitted SLA as files of a charter write it: a calendar, and a policy for each priority.

What rests on too few verdicts of one kind is a bound and no target, so it is left out.
"""

from collections.abc import Iterator
from datetime import timedelta

from desk_charter.value_types import write_working_time
from desk_contracts.events.tickets import WaitingFor
from desk_contracts.value_types import Priority

from desk_metrics.history.fitting import RESOLVED, Fitted, list_calendars
from desk_metrics.history.quotients import MIN_TICKETS


def write_charter(fitted: Fitted) -> str:
    """Lines for `calendars.yaml` and `slas.yaml`; `fitted` ends at the resolution."""
    if fitted.until != RESOLVED:
        raise ValueError("the desk's clocks end at the resolution")
    return "\n".join((*_write_calendar(fitted), *_write_policies(fitted)))


def list_bounds(fitted: Fitted) -> tuple[str, ...]:
    """Priorities without enough verdicts of both kinds, or that no policy can name."""
    return tuple(
        priority
        for priority in fitted.targets
        if min(fitted.fitted_on[priority]) < MIN_TICKETS or priority not in set(Priority)
    )


def _write_calendar(fitted: Fitted) -> Iterator[str]:
    calendar = next(item for item in list_calendars() if item.title == fitted.calendar)
    yield "calendars:"
    yield "  - name: fitted-hours"
    yield f"    title: {calendar.title}"
    yield f"    zone: {calendar.zone}"
    yield "    week:"
    for day, windows in calendar.week:
        if windows:
            hours = ", ".join(f'"{window.opens}-{window.closes}"' for window in windows)
            yield f"      {day}: [{hours}]"


def _write_policies(fitted: Fitted) -> Iterator[str]:
    yield "slas:"
    pauses = "" if fitted.counts_waiting else ", ".join(WaitingFor)
    for priority, minutes in fitted.targets.items():
        if priority in list_bounds(fitted):
            continue
        target = write_working_time(timedelta(minutes=minutes))
        yield f"  - name: fitted-{priority.lower()}"
        yield f"    title: {priority}, {target}"
        yield "    clock: resolution"
        yield f"    when: {{priorities: [{priority}]}}"
        yield f"    target: {target}"
        yield "    calendar: fitted-hours"
        yield f"    pause_on: [{pauses}]"
