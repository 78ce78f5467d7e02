"""Periods by name: what is one, what is not, and where its ends are."""

from datetime import UTC, datetime

import pytest
from desk_contracts.errors import Invalid
from desk_metrics.reports.periods import read_period, weeks_before


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("2026-W47", "2026-11-16", "2026-11-23"),
        ("2026-W53", "2026-12-28", "2027-01-04"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2028-02", "2028-02-01", "2028-03-01"),
        ("2026-W44/2026-W47", "2026-10-26", "2026-11-23"),
        ("2026-10/2026-11", "2026-10-01", "2026-12-01"),
        ("2026-11-28", "2026-11-28", "2026-11-29"),
        ("2026-11-01/2026-11-28", "2026-11-01", "2026-11-29"),
    ],
)
def test_a_name_has_its_days(text: str, first: str, end: str) -> None:
    period = read_period(text)
    assert (period.name, period.start, period.end) == (text, day(first), day(end))


@pytest.mark.parametrize(
    "text",
    [
        "", "last week", "2026-W54", "2025-W53", "2026-13", "2026-00", "0000-W01", "2026-11-31",
        "2026-W47/2026-W44", "2024-01/2026-01", "9999-12", "2026-W44/2026-W47/2026-W48",
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused_with_what_one_looks_like(text: str) -> None:
    with pytest.raises(Invalid, match="no-period") as refused:
        read_period(text)
    assert refused.value.kind == "no-such-period"


def test_whole_weeks_end_with_the_last_sunday() -> None:
    period = weeks_before(datetime(2026, 11, 24, 6, tzinfo=UTC), 4)
    assert period == read_period("2026-W44/2026-W47")
    assert weeks_before(day("2026-11-23"), 1) == read_period("2026-W47")
    assert weeks_before(datetime(2026, 11, 22, 23, 59, tzinfo=UTC), 1) == read_period("2026-W46")


def test_as_long_a_time_lies_before() -> None:
    assert read_period("2026-W44/2026-W47").before == day("2026-09-28")
