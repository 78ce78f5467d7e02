"""Public holidays by the holidays library, as the plain dates that a domain calendar holds."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from desk_contracts.errors import Invalid
from holidays import country_holidays

# Tickets of any age and SLAs years ahead: about 600 dates, worked out once per region.
YEARS = range(2000, 2051)


@lru_cache(maxsize=64)
def public_holidays(country: str, subdivision: str | None = None) -> dict[date, str]:
    """The dates and English names (the country's own where there are none) of `YEARS`."""
    return holidays_of(country, subdivision, YEARS)


def holidays_of(country: str, subdivision: str | None, years: Iterable[int]) -> dict[date, str]:
    """The same for other years."""
    try:
        names = country_holidays(country, subdiv=subdivision, years=years, language="en_US")
    except (NotImplementedError, KeyError) as error:
        region = country if subdivision is None else f"{country}-{subdivision}"
        raise Invalid(
            f"no public holidays are known for '{region}'; use an ISO 3166 country code such as DE"
            " and a subdivision such as BE",
            code="unknown-region",
        ) from error
    return dict(sorted(names.items()))
