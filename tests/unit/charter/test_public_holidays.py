"""Public holidays: what is known is what the library knows, though not all of it is loaded."""

import subprocess
import sys

import holidays
import pytest
from desk_charter import public_holidays
from desk_charter.calendars import HolidayRegion

LOADED = """
import sys
from desk_charter import public_holidays
from desk_charter.calendars import HolidayRegion
assert public_holidays.is_known(HolidayRegion(country="DE", subdivision="BE"))
names = [name for name in sys.modules if name.startswith("holidays.countries.")]
print(*names)
"""


def test_each_country_and_its_parts_are_those_of_the_library() -> None:
    listed = holidays.list_supported_countries(include_aliases=True)
    assert set(public_holidays.countries()) == set(listed)
    for country, parts in listed.items():
        assert list(public_holidays.subdivisions(country)) == parts


@pytest.mark.parametrize(
    ("country", "subdivision", "is_known"),
    [
        ("DE", None, True),
        ("DE", "BE", True),
        ("DE", "XX", False),
        ("XX", None, False),
        ("XX", "BE", False),
        ("UK", None, True),
    ],
)
def test_a_region_is_known_or_not(country: str, subdivision: str | None, *, is_known: bool) -> None:
    region = HolidayRegion(country=country, subdivision=subdivision)
    assert public_holidays.is_known(region) is is_known


def test_only_the_country_that_is_asked_for_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["holidays.countries.germany"]
