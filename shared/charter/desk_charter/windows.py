"""Maintenance and freeze windows: what they are about, and when they are open.

windows.yaml may be missing; then there are only those of services and of announced changes.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.sentences import close_to
from desk_charter.services import WeeklyHours
from desk_charter.sources import SubjectPattern, is_named
from desk_charter.value_types import CharterModel, Sentence, Slug, zone_of

SiteName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_WEEK = timedelta(days=7)
_STEP = timedelta(minutes=1)
Kind = Literal["maintenance", "freeze"]


class ScheduledWindow(CharterModel):
    """A time in which runbooks keep their hands off: once, or every week."""

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

    @model_validator(mode="after")
    def opens(self) -> Self:
        """Refuse what says no time, or has no length; and maintenance of everything."""
        if self.weekly is None and (self.starts is None or self.ends is None):
            raise ValueError("write 'starts' and 'ends', or 'weekly'")
        if self.starts is not None and self.ends is not None and self.ends <= self.starts:
            raise ValueError("it never opens, since 'ends' is not after 'starts'")
        if self.never_opens():
            raise ValueError("it never opens: no hour of 'weekly' lies between 'starts' and 'ends'")
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

    def find_end(self, at: datetime) -> datetime | None:
        """When it closes, if it is open at that moment; else None."""
        if (self.starts is not None and at < self.starts) or (self.ends and at >= self.ends):
            return None
        if self.weekly is None:
            return self.ends
        end = self.weekly.find_end(at)
        return end if end is None or self.ends is None else min(end, self.ends)

    def never_opens(self) -> bool:
        """Whether no hour of the week lies between its dates."""
        if self.weekly is None or self.starts is None or self.ends is None:
            return False
        if self.ends - self.starts > _WEEK + timedelta(days=1):
            return False
        return next(self.find_openings(self.starts, self.ends), None) is None

    def find_openings(
        self, first: datetime, until: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        """When it is open between two moments, as pairs of beginning and end."""
        at = first if self.starts is None else max(first, self.starts)
        last = until if self.ends is None else min(until, self.ends)
        while at < last:
            end = self.find_end(at)
            if end is not None:
                yield at, min(end, last)
                at = max(end, at + _STEP)
                continue
            at = self._find_next_start(at)

    def _find_next_start(self, at: datetime) -> datetime:
        """No window of the week begins between `at` and then."""
        if self.weekly is None:
            return at + _WEEK
        local = at.astimezone(zone_of(self.weekly.zone))
        minute = local.hour * 60 + local.minute
        start = self.weekly.hours.window.start
        ahead = start - minute if minute < start else 24 * 60 - minute
        return at - timedelta(seconds=at.second, microseconds=at.microsecond) + ahead * _STEP


def windows_refer_to_what_exists(draft: Draft) -> Iterator[Problem]:
    """Their teams, services and runbooks are written down."""
    for window in draft.of(WINDOWS, ()):
        where = ("windows", window.name)
        yield from draft.unknown("teams", window.owner_team, *where, "owner_team")
        for index, service in enumerate(window.services):
            yield from draft.unknown("services", service, *where, "services", index)
        for index, runbook in enumerate(window.allowed):
            if not draft.knows("runbooks", runbook):
                close = close_to(runbook, draft.written.get("runbooks", ()))
                sentence = f"there is no runbook '{runbook}'{close}; correct the name"
                yield Problem.at(*where, "allowed", index, sentence=sentence)


WINDOWS: Section[tuple[ScheduledWindow, ...]] = Section(
    "windows",
    ScheduledWindow,
    is_optional=True,
    checks=(windows_refer_to_what_exists,),
    count_by="kind",
)
