"""A wall clock for the reference reckoning: is a calendar open at an instant?"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from desk_metrics.sla.calendars import Calendar, Closure


class Walls:
    """Is a calendar open at an instant? Looked up on a wall clock, remembered for speed."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar, self.zone = calendar, ZoneInfo(calendar.zone)
        self.known: dict[datetime, bool] = {}

    def is_open(self, at: datetime) -> bool:
        if at not in self.known:
            local = at.astimezone(self.zone)
            second = local.hour * 3600 + local.minute * 60 + local.second
            yesterday = local.date() - timedelta(days=1)
            self.known[at] = any(
                opens <= second < closes for opens, closes in self.windows(local.date())
            ) or any(second + 86_400 < closes for _, closes in self.windows(yesterday))
        return self.known[at]

    def windows(self, day: date) -> list[tuple[int, int]]:
        calendar = self.calendar
        for special in calendar.special_days:
            if special.day == day:
                return [window.seconds for window in special.windows]
        if day in calendar.holidays:
            return []
        if any(self.closes(closure, day) for closure in calendar.closures):
            return []
        name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]
        return [window.seconds for window in getattr(calendar.week, name)]

    def closes(self, closure: Closure, day: date) -> bool:
        """By the month and day alone, as somebody would who has only the wall."""
        if not closure.yearly:
            return closure.first <= day <= closure.last
        first, last = (f"{one:%m-%d}" for one in (closure.first, closure.last))
        now = f"{day:%m-%d}"
        return first <= now <= last if first <= last else now >= first or now <= last
