"""The organisation's SLAs and calendars as metrics' own terms: the two meet only here."""

from datetime import datetime, timedelta

from desk_shared.charter import Charter
from desk_shared.charter.calendars import Calendar as WrittenCalendar
from desk_shared.charter.calendars import Closure as WrittenClosure
from desk_shared.charter.calendars import Window as WrittenWindow
from desk_shared.charter.calendars import YearlyClosure
from desk_shared.charter.slas import SlaPolicy

from desk_metrics.sla.calendars import Calendar, Closure, SpecialDay, Week, Window
from desk_metrics.sla.holidays import public_holidays
from desk_metrics.sla.policies import Edition, OnChange, OnReopen, Policy, When

# Rules sort a ticket well within this; one for which a person is needed gets the default policy.
SORTING = timedelta(seconds=2)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def edition_of(charter: Charter, since: datetime) -> Edition:
    """The SLA policies of the charter as an edition that is in force from `since` on."""
    return Edition(
        version=charter.version,
        since=since,
        policies=tuple(map(_policy, charter.slas)),
        calendars=tuple(map(_calendar, charter.calendars)),
        sorting=SORTING,
    )


def slas_alike(one: Edition, other: Edition) -> bool:
    """True if nothing that SLAs rest on differs; the rest of a charter may."""
    return (one.policies, one.calendars, one.sorting) == (
        other.policies,
        other.calendars,
        other.sorting,
    )


def _policy(sla: SlaPolicy) -> Policy:
    when = sla.when
    return Policy(
        name=sla.name,
        version=str(sla.version),
        clock=sla.clock,
        when=When(
            kinds=tuple(when.kinds),
            priorities=tuple(when.priorities),
            services=when.services,
            groups=when.groups,
            teams=when.teams,
        ),
        default=sla.default,
        target=sla.target,
        calendar=sla.calendar,
        warn_at=sla.warn_at,
        pause_on=sla.pause_on,
        on_change=OnChange(sla.on_change),
        on_reopen=OnReopen(sla.on_reopen),
    )


def _calendar(written: WrittenCalendar) -> Calendar:
    region = written.holidays
    return Calendar(
        name=written.name,
        zone=written.zone,
        week=Week(**{day: _windows(getattr(written.week, day)) for day in _DAYS}),
        holidays={} if region is None else public_holidays(region.country, region.subdivision),
        closures=(*map(_closure, written.closures), *map(_yearly, written.yearly_closures)),
        special_days=tuple(
            SpecialDay(name=one.name, day=one.day, windows=_windows(one.hours))
            for one in written.special_days
        ),
    )


def _closure(written: WrittenClosure) -> Closure:
    return Closure(name=written.name, first=written.first, last=written.last)


def _yearly(written: YearlyClosure) -> Closure:
    first, last = written.dates
    return Closure(name=written.name, first=first, last=last, yearly=True)


def _windows(windows: tuple[WrittenWindow, ...]) -> tuple[Window, ...]:
    return tuple(Window(opens=one.opens, closes=one.closes) for one in windows)
