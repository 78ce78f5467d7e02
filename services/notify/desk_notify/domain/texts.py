"""How texts are written down: every message as data, one table per language, and dates in words.

A line is said only if each of its fields is known, so no message shows a hole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from string import Formatter
from zoneinfo import ZoneInfo

from desk_shared.events.automation import StepStatus
from desk_shared.events.people import Severity
from desk_shared.events.reports import AnswerOutcome, GoalVerdict, Proposal
from desk_shared.events.sla import ClockName


class Rule(StrEnum):
    """Every message there is. The name goes into message ids: never rename one."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    STARTED = "started"
    WAITING = "waiting"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    MERGED = "merged"
    PROBLEM_KNOWN = "problem-known"
    PROBLEM_OVER = "problem-over"
    REPAIR_BEGINS = "repair-begins"
    REPAIRED = "repaired"
    REPAIR_ESCALATED = "repair-escalated"
    TEAM_ASSIGNED = "team-assigned"
    TEAM_ASSIGNED_IN_PROBLEM = "team-assigned-in-problem"
    TEAM_REOPENED = "team-reopened"
    TEAM_REPLIED = "team-replied"
    TEAM_AT_RISK = "team-at-risk"
    TEAM_BREACHED = "team-breached"
    TEAM_CORRECTED = "team-corrected"
    TEAM_PROBLEM = "team-problem"
    TEAM_PROBLEM_OVER = "team-problem-over"
    TEAM_REPAIR_FAILED = "team-repair-failed"
    TEAM_REPAIR_CORRECTED = "team-repair-corrected"
    TEAM_SIGNAL = "team-signal"
    TEAM_SIGNAL_ROSE = "team-signal-rose"
    TEAM_SIGNAL_FELL = "team-signal-fell"
    TEAM_SYSTEM = "team-system"
    TEAM_SYSTEM_ESCALATED = "team-system-escalated"
    TEAM_SYSTEM_OUTCOME = "team-system-outcome"
    TEAM_SKILL_GAP = "team-skill-gap"
    TEAM_GOAL = "team-goal"


@dataclass(frozen=True, slots=True)
class Without:
    """A paragraph that is said only where a field is not known."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """A title and the paragraphs of a body; lines of a paragraph stand or fall one by one."""

    title: str
    body: tuple[str | Without, ...]

    def write(self, fields: Mapping[str, str]) -> tuple[str, str]:
        """Title and body with the fields filled in."""
        paragraphs = [said for one in self.body if (said := _paragraph(one, fields))]
        title = " ".join(self.title.format_map(fields).split())
        return title, "\n\n".join(paragraphs)


@dataclass(frozen=True, slots=True)
class Texts:
    """Everything said in one language."""

    templates: Mapping[Rule, Template]
    clocks: Mapping[ClockName, str]
    steps: Mapping[StepStatus, str]
    severities: Mapping[Severity, str]
    proposals: Mapping[Proposal, str]
    outcomes: Mapping[AnswerOutcome, str]
    escalated: str
    verdicts: Mapping[GoalVerdict, str]
    decimal: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    moment: str
    day: str

    def write_moment(self, moment: datetime | None, zone: ZoneInfo) -> str:
        """A date as people read it, with its zone; empty for none."""
        if moment is None:
            return ""
        local = moment.astimezone(zone)
        return self.moment.format(
            weekday=self.weekdays[local.weekday()],
            day=local.day,
            month=self.months[local.month - 1],
            time=f"{local:%H:%M}",
            zone=zone.key,
        )

    def write_day(self, day: date) -> str:
        """A day as people read it."""
        return self.day.format(day=day.day, month=self.months[day.month - 1], year=day.year)

    def write_number(self, value: float) -> str:
        """A measured value with at most six digits."""
        return f"{value:g}".replace(".", self.decimal)


@lru_cache(maxsize=1024)
def fields_of(text: str) -> frozenset[str]:
    """The fields that a line needs."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def _paragraph(one: str | Without, fields: Mapping[str, str]) -> str:
    if isinstance(one, Without):
        if fields.get(one.field):
            return ""
        one = one.text
    lines = [
        line.format_map(fields)
        for line in one.split("\n")
        if all(fields.get(name) for name in fields_of(line))
    ]
    return "\n".join(lines)
