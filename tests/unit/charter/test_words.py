"""Durations, times, windows and words mean one thing only."""

from datetime import UTC, date, datetime, timedelta

import pytest
from desk_charter.calendars import Calendar, Closure, Week, Window, YearlyClosure
from desk_charter.people import Team
from desk_charter.routing import RuleWhen
from desk_charter.services import MaintenanceWindow
from desk_charter.value_types import Duration, WorkingTime, minute_of, write_duration
from desk_contracts.text import SpokenWords
from pydantic import TypeAdapter, ValidationError

_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
_WORKING: TypeAdapter[timedelta] = TypeAdapter(WorkingTime)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("90m", 5400), ("4h", 14_400), ("1h30m", 5400), ("7d", 604_800), ("0s", 0)],
)
def test_a_duration_is_read_with_its_unit(text: str, seconds: int) -> None:
    assert _DURATION.validate_python(text) == timedelta(seconds=seconds)


def test_milliseconds_are_written_back() -> None:
    assert write_duration(_DURATION.validate_python("1s500ms")) == "1s500ms"


@pytest.mark.parametrize("text", ["", "4", 4, 1.5, "4 h", "h", "-4h", "30m1h", "4hours", None])
def test_a_duration_without_a_clear_unit_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        _DURATION.validate_python(text)


@pytest.mark.parametrize("text", ["1 day", "1d", "2d4h", "3 days", "1 week", "2w"])
def test_days_are_refused_as_working_time_with_a_reason(text: str) -> None:
    with pytest.raises(ValidationError, match="24 hours or one working day"):
        _WORKING.validate_python(text)


@pytest.mark.parametrize("text", ["0m", "0s", "500ms", "30", "ages"])
def test_working_time_that_slas_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        _WORKING.validate_python(text)


def test_working_time_is_written_in_hours_at_most() -> None:
    assert _WORKING.dump_python(timedelta(hours=40, minutes=30), mode="json") == "40h30m"


def test_24_00_is_the_end_of_the_day() -> None:
    window = Window.model_validate("00:00-24:00")
    assert (minute_of("24:00"), window.start, window.end) == (1440, 0, 1440)
    assert not window.is_over_midnight


def test_a_window_over_midnight_ends_on_the_next_day() -> None:
    window = Window.model_validate("22:00-06:00")
    assert (window.start, window.end, window.is_over_midnight) == (1320, 1800, True)


@pytest.mark.parametrize(
    "text", ["09:00-09:00", "24:00-06:00", "9-17", "09:00", "09:00-24:30", "09:60-10:00", 900]
)
def test_a_window_that_is_never_open_or_unclear_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        Window.model_validate(text)


def test_week_is_asked_by_weekday_number() -> None:
    week = Week.model_validate({"sun": ["10:00-12:00"]})
    assert [len(week.on(day)) for day in range(7)] == [0, 0, 0, 0, 0, 0, 1]
    assert not week.is_empty
    assert Week().is_empty


def test_always_is_every_minute_of_the_week() -> None:
    calendar = Calendar.model_validate(
        {"name": "a", "title": "A", "zone": "Europe/Berlin", "week": "always"}
    )
    assert all(calendar.week.on(day)[0].end == 1440 for day in range(7))


def test_a_closure_includes_both_its_ends() -> None:
    closure = Closure.model_validate({"from": "2026-12-24", "to": "2027-01-02", "name": "Winter"})
    days = [date(2026, 12, 23), date(2026, 12, 24), date(2027, 1, 2), date(2027, 1, 3)]
    assert [closure.includes(day) for day in days] == [False, True, True, False]


def _night_team() -> Team:
    shift = {"days": ["mon"], "from": "22:00", "to": "06:00"}
    return Team.model_validate(
        {"name": "n", "title": "N", "zone": "Europe/Berlin", "shifts": [shift]}
    )


@pytest.mark.parametrize(
    ("at", "is_on"),
    [
        (datetime(2026, 11, 23, 20, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 21, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 24, 4, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 24, 5, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 24, 21, 0, tzinfo=UTC), False),
        (datetime(2026, 6, 1, 20, 0, tzinfo=UTC), True),
    ],
)
def test_a_night_shift_is_on_in_its_own_zone(at: datetime, is_on: bool) -> None:
    assert _night_team().is_on_shift(at) is is_on


def test_a_team_without_shifts_is_always_on() -> None:
    team = Team.model_validate({"name": "n", "title": "N", "zone": "Europe/Berlin"})
    assert team.is_on_shift(datetime(2026, 11, 22, 3, 0, tzinfo=UTC))


def test_maintenance_is_local_to_its_zone() -> None:
    window = MaintenanceWindow.model_validate(
        {
            "title": "Gateway",
            "zone": "Europe/Berlin",
            "hours": {"days": ["sat"], "from": "23:00", "to": "02:00"},
        }
    )
    assert window.covers(datetime(2026, 11, 22, 0, 30, tzinfo=UTC))
    assert not window.covers(datetime(2026, 11, 22, 1, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("word", "is_said"),
    [
        ("vpn", True),
        ("VPN", True),
        ("e-mail", True),
        ("druck*", True),
        ("drucker", False),
        ("geht nicht", True),
        ("geht", True),
        ("eht nicht", False),
        ("mail*", True),
        ("hängt", True),
    ],
)
def test_words_are_found_whole_in_any_case(word: str, is_said: bool) -> None:
    text = "Meine VPN-Verbindung geht   nicht; E-Mail HÄNGT, Druckertreiber fehlt"
    assert SpokenWords(text).has(word) is is_said


def test_special_days_and_yearly_closures_are_read_as_they_are_written() -> None:
    calendar = Calendar.model_validate(
        {
            "name": "a",
            "title": "A",
            "zone": "Asia/Shanghai",
            "week": {"mon": ["09:00-18:00"]},
            "yearly_closures": [{"from": "12-24", "to": "01-03", "name": "Winter"}],
            "special_days": [
                {"date": "2026-02-28", "hours": ["09:00-18:00"], "name": "Worked"},
                {"date": "2026-03-02", "hours": "closed", "name": "Outing"},
            ],
        }
    )
    assert calendar.yearly_closures[0].dates == (date(2003, 12, 24), date(2004, 1, 3))
    assert [len(special.hours) for special in calendar.special_days] == [1, 0]
    again = Calendar.model_validate(calendar.model_dump(mode="json"))
    assert again == calendar


@pytest.mark.parametrize("text", ["1-1", "13-01", "00-10", "04-31", "2026-12-24", 1224, None])
def test_a_day_of_every_year_is_written_one_way(text: object) -> None:
    with pytest.raises(ValidationError, match="12-24"):
        YearlyClosure.model_validate({"from": text, "to": "12-31", "name": "W"})


@pytest.mark.parametrize("word", ["", "!", "*", "🔥", "\u200b", "＊"])  # noqa: RUF001
def test_a_word_that_could_never_be_found_is_refused(word: str) -> None:
    with pytest.raises(ValidationError, match="no letter or digit to look for"):
        RuleWhen.model_validate({"any_words": [word]})
