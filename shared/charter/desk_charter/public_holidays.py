"""Public holidays by country and subdivision, from the `holidays` library; not for pure code."""

import sys
from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType

import holidays

from desk_charter.calendars import Calendar, HolidayRegion
from desk_charter.dated_calendars import DatedCalendar

# The package of countries imports every one of them, 0.07 s of a start. The library asks for a
# country's module by its name, and needs no more of the package than where it lies.
_COUNTRIES = ModuleType("holidays.countries")
_COUNTRIES.__path__ = [str(Path(holidays.__path__[0]) / "countries")]
sys.modules.setdefault(_COUNTRIES.__name__, _COUNTRIES)

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
    if region.country not in countries():
        return False
    return region.subdivision is None or region.subdivision in subdivisions(region.country)


@lru_cache(maxsize=1)
def countries() -> Collection[str]:
    """Every country code that is known."""
    return frozenset(holidays.registry.EntityLoader.get_country_codes())


def subdivisions(country: str) -> Collection[str]:
    """Every subdivision that is known of a country."""
    return tuple(getattr(holidays, country).subdivisions) if country in countries() else ()


@lru_cache(maxsize=256)
def _holidays(country: str, subdivision: str | None, year: int) -> Mapping[date, str]:
    days = holidays.country_holidays(country, subdiv=subdivision, years=year)
    return MappingProxyType(dict(days.items()))
