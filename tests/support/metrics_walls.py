"""A wall clock for the reference reckoning: is a calendar open at an instant?"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from desk_charter.calendars import Window, YearlyClosure
from desk_charter.dated_calendars import DatedCalendar


class Walls:
    """Is a calendar open at an instant? Looked up on a wall clock, remembered for speed."""

    def __init__(self, calendar: DatedCalendar) -> None:
        self.calendar, self.zone = calendar, ZoneInfo(calendar.zone)
        self.cached: dict[datetime, bool] = {}

    def is_open(self, at: datetime) -> bool:
        if at not in self.cached:
            local = at.astimezone(self.zone)
            second = local.hour * 3600 + local.minute * 60 + local.second
            yesterday = local.date() - timedelta(days=1)
            self.cached[at] = any(
                opens <= second < closes for opens, closes in self.windows(local.date())
            ) or any(second + 86_400 < closes for _, closes in self.windows(yesterday))
        return self.cached[at]

    def windows(self, day: date) -> list[tuple[int, int]]:
        calendar = self.calendar
        for special in calendar.special_days:
            if special.day == day:
                return [seconds_of(window) for window in special.hours]
        if day in calendar.holiday_dates:
            return []
        if any(closure.first <= day <= closure.last for closure in calendar.closures):
            return []
        if any(self.closes(closure, day) for closure in calendar.yearly_closures):
            return []
        name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]
        return [seconds_of(window) for window in getattr(calendar.week, name)]

    def closes(self, closure: YearlyClosure, day: date) -> bool:
        """By the month and day alone, as somebody would who has only the wall."""
        first, last = str(closure.first), str(closure.last)
        now = f"{day:%m-%d}"
        return first <= now <= last if first <= last else now >= first or now <= last


def seconds_of(window: Window) -> tuple[int, int]:
    """Both ends after local midnight, read from the wall clock's own digits."""
    opens, closes = (
        int(text[:2]) * 3600 + int(text[3:]) * 60 for text in (window.opens, window.closes)
    )
    return opens, closes if closes > opens else closes + 86_400
