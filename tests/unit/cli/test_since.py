"""From when on a command looks: a moment, a day, or an age."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_cli.since import read_since
from desk_contracts.errors import Invalid

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T08:00:00Z", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("2026-03-01T08:00:00+01:00", datetime(2026, 3, 1, 7, tzinfo=UTC)),
        ("7d", NOW - timedelta(days=7)),
        (" 36h ", NOW - timedelta(hours=36)),
        ("2026-03-10", datetime(2026, 3, 10, tzinfo=UTC)),
    ],
)
def test_a_moment_a_day_or_an_age_is_read(text: str, moment: datetime) -> None:
    assert read_since(text, NOW) == moment


@pytest.mark.parametrize(
    "text", ["", "yesterday", "7", "-1d", "2026-13-01", "2026-03-01T08:00:00", "99999999999d"]
)
def test_what_is_no_time_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(Invalid, match="is no time; write"):
        read_since(text, NOW)


@pytest.mark.parametrize("text", ["2026-03-11", "2026-03-10T12:00:01Z", "0s"])
def test_the_future_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is not in the past"):
        read_since(text, NOW)
