"""Maintenance and freeze windows: what they are about, and when they are open."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from desk_charter.dated_calendars import DatedCalendar
from desk_charter.services import WeeklyHours
from desk_charter.sources import SubjectPattern, is_named
from desk_charter.value_types import CharterModel, Sentence, Slug, zone_of

SiteName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_WEEK = timedelta(days=7)
_STEP = timedelta(minutes=1)
Kind = Literal["maintenance", "freeze"]


class ScheduledWindow(CharterModel):
    """A time in which runbooks keep their hands off: once, every week, or as a calendar says."""

    name: Slug = Field(description="Stable id.")
    kind: Kind = Field(
        description="maintenance: people work on what it names. freeze: nothing is changed in it."
    )
    owner_team: Slug = Field(description="Who declared it, and answers questions about it.")
    why: Sentence = Field(description="Why; told to those who ask why nothing was repaired.")
    services: tuple[Slug, ...] = Field(default=(), description="Signals of these services.")
    devices: tuple[SubjectPattern, ...] = Field(
        default=(), description="Subjects, exactly or as a beginning with '*'."
    )
    sites: tuple[SiteName, ...] = Field(
        default=(), description="Signals that name one of these sites."
    )
    allowed: tuple[Slug, ...] = Field(default=(), description="Runbooks that may act all the same.")
    starts: AwareDatetime | None = Field(default=None, description="Not before; with its zone.")
    ends: AwareDatetime | None = Field(default=None, description="Not after; with its zone.")
    weekly: WeeklyHours | None = Field(
        default=None, description="Opens every week, between `starts` and `ends` if they are given."
    )
    during: Slug | None = Field(
        default=None,
        description="A calendar: the window is open while that is, such as in working hours.",
    )
    outside: Slug | None = Field(
        default=None,
        description="A calendar: the window is open while that is closed, such as on holidays.",
    )

    @model_validator(mode="after")
    def opens(self) -> Self:
        """Refuse what says no time, or has no length; and maintenance of everything."""
        hours = [each for each in (self.weekly, self.during, self.outside) if each is not None]
        if len(hours) > 1:
            raise ValueError("write one of 'weekly', 'during' and 'outside'")
        if not hours and (self.starts is None or self.ends is None):
            raise ValueError("write 'starts' and 'ends', 'weekly', 'during' or 'outside'")
        if self.starts is not None and self.ends is not None and self.ends <= self.starts:
            raise ValueError("it never opens, since 'ends' is not after 'starts'")
        if self.kind == "maintenance" and self.is_of_everything:
            raise ValueError(
                "name the 'services', 'devices' or 'sites' that are worked on; only a freeze is of"
                " everything"
            )
        return self

    @property
    def is_of_everything(self) -> bool:
        return not (self.services or self.devices or self.sites)

    def concerns(self, runbook: str, subjects: Iterable[str], service: str, site: str) -> bool:
        """Whether it is about what a run would touch. A site that no signal names is not known,
        and not taken for one of these."""
        if runbook in self.allowed:
            return False
        return (
            self.is_of_everything
            or service in self.services
            or site in self.sites
            or any(is_named(pattern, name) for pattern in self.devices for name in subjects)
        )

    @property
    def calendar(self) -> str:
        """The calendar that it follows; empty where it follows none."""
        return self.during or self.outside or ""

    def find_end(self, at: datetime, calendar: DatedCalendar | None) -> datetime | None:
        """When it closes, if it is open at that moment; else None. `calendar` is the one that it
        follows; hours of it that last for more than a year end by then, to be asked again."""
        if (self.starts is not None and at < self.starts) or (self.ends and at >= self.ends):
            return None
        end = self.ends
        if self.weekly is not None:
            end = self.weekly.find_end(at)
        elif calendar is not None:
            is_open, until = calendar.find_change(at)
            end = until if is_open == bool(self.during) else None
        return end if end is None or self.ends is None else min(end, self.ends)

    def never_opens(self, calendar: DatedCalendar | None) -> bool:
        """Whether its hours leave nothing of the time between its dates."""
        if self.starts is None or self.ends is None:
            return False
        return next(self.find_openings(self.starts, self.ends, calendar), None) is None

    def find_openings(
        self, first: datetime, until: datetime, calendar: DatedCalendar | None
    ) -> Iterator[tuple[datetime, datetime]]:
        """When it is open between two moments, as pairs of beginning and end."""
        at = first if self.starts is None else max(first, self.starts)
        last = until if self.ends is None else min(until, self.ends)
        while at < last:
            end = self.find_end(at, calendar)
            if end is not None:
                yield at, min(end, last)
                at = max(end, at + _STEP)
                continue
            at = self._find_next_start(at, calendar)

    def _find_next_start(self, at: datetime, calendar: DatedCalendar | None) -> datetime:
        """No hours of it begin between `at` and then."""
        if calendar is not None:
            return calendar.find_change(at)[1]
        if self.weekly is None:
            return at + _WEEK
        local = at.astimezone(zone_of(self.weekly.zone))
        minute = local.hour * 60 + local.minute
        start = self.weekly.hours.window.start
        ahead = start - minute if minute < start else 24 * 60 - minute
        # The clock may be put forward by an hour meanwhile.
        minutes = max(1, ahead - 60)
        return at - timedelta(seconds=at.second, microseconds=at.microsecond) + minutes * _STEP
