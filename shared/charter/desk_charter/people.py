"""Teams: small, cross-functional, and able to finish what they take. No tiers."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Self

from desk_contracts import names
from desk_contracts.text import plain_words
from pydantic import Field, model_validator

from desk_charter.calendars import Window
from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.value_types import (
    DAYS,
    ChannelUrl,
    CharterModel,
    Day,
    Mail,
    Slug,
    TimeOfDay,
    Title,
    Zone,
    minute_of,
    zone_of,
)

_WEEK_AND_A_DAY = 8


class Member(CharterModel):
    """A person or a role in a team."""

    id: Slug = Field(description="Stable id, unique in the whole charter.")
    name: Title = Field(description="What colleagues call them.")
    skills: tuple[Slug, ...] = Field(default=(), description="What they can finish alone.")
    mail: Mail | None = Field(default=None, description="Where personal messages go.")


class Shift(CharterModel):
    """When the team works, local to its zone; `to` before `from` is on the next day."""

    days: tuple[Day, ...] = Field(min_length=1, description="Weekdays on which the shift starts.")
    opens: TimeOfDay = Field(alias="from", description="Start, HH:MM.")
    closes: TimeOfDay = Field(alias="to", description="End, HH:MM, up to 24:00.")

    @model_validator(mode="after")
    def has_length(self) -> Self:
        """Refuse a shift of no length."""
        Window(opens=self.opens, closes=self.closes)
        return self

    @property
    def window(self) -> Window:
        """The same hours as an opening window."""
        return Window(opens=self.opens, closes=self.closes)

    def covers(self, local: datetime) -> bool:
        """Whether the shift is on at that local wall-clock time."""
        minute = local.hour * 60 + local.minute
        yesterday = local - timedelta(days=1)
        window = self.window
        if DAYS[local.weekday()] in self.days and window.start <= minute < window.end:
            return True
        return DAYS[yesterday.weekday()] in self.days and minute + 24 * 60 < window.end


class Team(CharterModel):
    """A small cross-functional team: its people, skills, hours and channels."""

    name: Slug = Field(description="Stable id; also the end of the team's notification topic.")
    title: Title = Field(description="What people call the team.")
    aliases: tuple[Title, ...] = Field(
        default=(),
        description="Other names of the team, as an old desk, a report or a person writes them.",
    )
    members: tuple[Member, ...] = Field(default=(), description="Who is in it.")
    skills: tuple[Slug, ...] = Field(
        default=(), description="What the team can finish beyond its members' own skills."
    )
    zone: Zone = Field(description="IANA time zone its shifts are local to.")
    shifts: tuple[Shift, ...] = Field(
        default=(), description="When it works; a team without shifts is always on."
    )
    wip_limit: int = Field(default=10, ge=1, description="Most tickets it works on at once.")
    channels: tuple[ChannelUrl, ...] = Field(
        default=("log:",), description="Where messages go besides its topic: log:, mailto:x@y, ..."
    )

    confidential: bool = Field(
        default=False,
        description="Only its members, owners and operators see its tickets and figures, and those"
        " of its services.",
    )

    @property
    def all_skills(self) -> frozenset[str]:
        """The team's own skills and those of its members."""
        return frozenset(self.skills).union(*(member.skills for member in self.members))

    def is_on_shift(self, at: datetime) -> bool:
        """Whether somebody of the team works at that (aware) moment."""
        local = at.astimezone(zone_of(self.zone))
        return not self.shifts or any(shift.covers(local) for shift in self.shifts)

    def find_next_shift(self, at: datetime) -> datetime | None:
        """When its next shift starts after `at` (UTC); None if it works always or is on now."""
        if self.is_on_shift(at):
            return None
        zone = zone_of(self.zone)
        midnight = datetime.combine(at.astimezone(zone).date(), time())
        days = [midnight + timedelta(days=ahead) for ahead in range(_WEEK_AND_A_DAY)]
        starts = (
            (day + timedelta(minutes=minute_of(shift.opens))).replace(tzinfo=zone).astimezone(UTC)
            for day in days
            for shift in self.shifts
            if DAYS[day.weekday()] in shift.days
        )
        return min((start for start in starts if start > at), default=None)


# `desk.notifications.people` is every employee's topic, so no team can have that name.
RESERVED_TEAMS = frozenset({names.PEOPLE})


def teams_are_sound(draft: Draft) -> Iterator[Problem]:
    """No reserved name, no member twice, no alias that another team has."""
    yield from _aliases_are_of_one(draft.of(TEAMS, ()))
    for team in draft.of(TEAMS, ()):
        if team.name in RESERVED_TEAMS:
            sentence = f"'{team.name}' is the topic of all employees; choose another name"
            yield Problem.at("teams", team.name, "name", sentence=sentence)
    seen: dict[str, str] = {}
    for team in draft.of(TEAMS, ()):
        for member in team.members:
            if member.id in seen:
                sentence = f"member '{member.id}' is already in team '{seen[member.id]}'"
                yield Problem.at(
                    "teams", team.name, "members", member.id, sentence=f"{sentence}; use another id"
                )
            seen.setdefault(member.id, team.name)


def _aliases_are_of_one(teams: tuple[Team, ...]) -> Iterator[Problem]:
    called: dict[str, str] = {}
    for team in teams:
        for name in (team.name, team.title, *team.aliases):
            owner = called.setdefault(plain_words(name), team.name)
            if owner != team.name and name in team.aliases:
                sentence = f"'{name}' is also called team '{owner}'; an alias is of one team"
                yield Problem.at("teams", team.name, "aliases", sentence=sentence)


TEAMS: Section[tuple[Team, ...]] = Section("teams", Team, checks=(teams_are_sound,))
