"""Laws of weekly windows, for any hours, zone and moment."""

from datetime import UTC, datetime, timedelta

from desk_charter.services import WeeklyHours
from desk_charter.windows import ScheduledWindow
from hypothesis import example, given
from hypothesis import strategies as st

ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"])
DAYS = st.lists(
    st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1, unique=True
)
TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis adds the zone)
WEEK = timedelta(days=7)


@st.composite
def weekly(draw: st.DrawFn) -> WeeklyHours:
    opens = draw(TIMES)
    closes = draw(TIMES.filter(lambda time: time != opens))
    hours = {"days": draw(DAYS), "from": opens, "to": closes}
    return WeeklyHours.model_validate({"zone": draw(ZONES), "hours": hours})


def window(hours: WeeklyHours) -> ScheduledWindow:
    return ScheduledWindow(
        name="x", kind="freeze", owner_team="x", why="For this law.", weekly=hours
    )


@given(weekly(), MOMENTS)
def test_an_end_is_known_exactly_while_it_is_open_and_lies_ahead(
    hours: WeeklyHours, at: datetime
) -> None:
    end = hours.find_end(at)
    assert (end is not None) == hours.covers(at)
    assert end is None or end > at


@example(
    WeeklyHours.model_validate(
        {
            "zone": "America/New_York",
            "hours": {"days": ["mon", "tue", "sun"], "from": "03:00", "to": "00:00"},
        }
    ),
    datetime(2026, 3, 2, tzinfo=UTC),
)
@given(weekly(), MOMENTS)
def test_openings_are_those_moments_at_which_it_is_open(hours: WeeklyHours, at: datetime) -> None:
    openings = list(window(hours).find_openings(at, at + WEEK, None))
    for start, end in openings:
        assert at <= start < end <= at + WEEK
    for minutes in range(0, 7 * 24 * 60, 97):
        moment = at.replace(second=0, microsecond=0) + timedelta(minutes=minutes + 1)
        if moment < at + WEEK and hours.covers(moment):
            assert any(start <= moment < end for start, end in openings)
