"""Public holidays by country and subdivision, from the `holidays` library; not for pure code."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import holidays

from desk_charter.calendars import Calendar, HolidayRegion
from desk_charter.dated_calendars import DatedCalendar

_NONE: Mapping[date, str] = MappingProxyType({})


def holidays_in(region: HolidayRegion | None, year: int) -> Mapping[date, str]:
    """The public holidays of a year with their local names; none where no region is given."""
    if region is None:
        return _NONE
    return _holidays(region.country, region.subdivision, year)


@lru_cache(maxsize=256)
def date_calendar(calendar: Calendar, year: int) -> DatedCalendar:
    """The calendar with the holidays of that year, of the one before and of the two after it."""
    dates = {
        day: name
        for near in range(year - 1, year + 3)
        for day, name in holidays_in(calendar.holidays, near).items()
    }
    return DatedCalendar(**dict(calendar), holiday_dates=dates)


def is_known(region: HolidayRegion) -> bool:
    """Whether the library knows the country and the subdivision."""
    supported = _list_supported()
    if region.country not in supported:
        return False
    return region.subdivision is None or region.subdivision in supported[region.country]


def countries() -> Iterable[str]:
    """Every country code that is known."""
    return _list_supported().keys()


def subdivisions(country: str) -> Iterable[str]:
    """Every subdivision that is known of a country."""
    return _list_supported().get(country, ())


@lru_cache(maxsize=1)
def _list_supported() -> Mapping[str, tuple[str, ...]]:
    parts_of = holidays.list_supported_countries(include_aliases=True)
    return MappingProxyType({code: tuple(parts) for code, parts in parts_of.items()})


@lru_cache(maxsize=256)
def _holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    days = holidays.country_holidays(country, subdiv=subdivision, years=year)
    return MappingProxyType(dict(days.items()))
