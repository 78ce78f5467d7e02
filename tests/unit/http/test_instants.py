"""Days and moments in calls: text in a form of RFC 3339, within bounds; no number of seconds."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated

import pytest
from desk_contracts.message import message
from desk_platform.http import WrittenDay, WrittenMoment, between
from pydantic import TypeAdapter, ValidationError

DAY, MOMENT = TypeAdapter(WrittenDay), TypeAdapter(WrittenMoment)
NUMBERS = [0, 1.5, -3, "0", "20260331", " 17 ", "-1", "1e9", "1700000000000", ".5", True]


@pytest.mark.parametrize("value", NUMBERS, ids=repr)
def test_a_number_is_neither_a_day_nor_a_moment(value: object) -> None:
    for adapter, kind in ((DAY, "date_type"), (MOMENT, "datetime_type")):
        with pytest.raises(ValidationError) as caught:
            adapter.validate_python(value)
        assert caught.value.errors()[0]["type"] == kind


def test_what_is_written_as_text_is_read() -> None:
    assert DAY.validate_python("2026-03-31") == date(2026, 3, 31)
    there = timezone(timedelta(hours=2))
    read = MOMENT.validate_python("2026-03-31T09:00:00+02:00")
    assert read == datetime(2026, 3, 31, 9, tzinfo=there)


def test_bounds_are_told_as_days_and_are_in_no_schema() -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    adapter = TypeAdapter(Annotated[WrittenDay, between(first, last)])
    assert [adapter.validate_python(day.isoformat()) for day in (first, last)] == [first, last]
    for outside in ("2025-12-31", "2027-01-01"):
        with pytest.raises(ValidationError) as caught:
            adapter.validate_python(outside)
        (error,) = caught.value.errors()
        bounds = message("field.not-between", first="2026-01-01", last="2026-12-31")
        assert error["ctx"]["error"].args == (bounds,)
    assert adapter.json_schema() == {"type": "string", "format": "date"}


def test_a_moment_needs_its_zone() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        MOMENT.validate_python("2026-03-31T09:00:00")
    assert MOMENT.validate_python("2026-03-31T09:00:00Z").tzinfo == UTC
