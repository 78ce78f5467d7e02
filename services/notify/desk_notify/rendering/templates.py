"""Every message that notify sends, and how its text is filled in.

Titles and bodies stand in the catalogues (`mail.<rule>.title`, `mail.<rule>.body`). A line is said
only where all that it names is known, so no message shows a hole; one that begins with
`[without x]` is said only where x is not.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from string import Formatter
from zoneinfo import ZoneInfo

from desk_contracts.message import Carried
from desk_contracts.messages import Catalogue

_WITHOUT = re.compile(r"\[without (\w+)\] (.*)")


class Rule(StrEnum):
    """Every message there is. The name goes into message ids: never rename one."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    STARTED = "started"
    WAITING = "waiting"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    DENIED = "denied"
    APPROVAL_ASKED = "approval-asked"
    APPROVAL_REMINDED = "approval-reminded"
    CONSENT_ASKED = "consent-asked"
    SURVEY = "survey"
    DEMAND_ANSWERED = "demand-answered"
    FOLLOW_UP_OVERDUE = "follow-up-overdue"
    REOPENED = "reopened"
    MERGED = "merged"
    WATCHING = "watching"
    WATCHED_UPDATED = "watched-updated"
    WATCHED_RESOLVED = "watched-resolved"
    PROBLEM_KNOWN = "problem-known"
    PROBLEM_OVER = "problem-over"
    PROBLEM_FADED = "problem-faded"
    PROBLEM_REJECTED = "problem-rejected"
    PROBLEM_REMOVED = "problem-removed"
    REPAIR_BEGINS = "repair-begins"
    REPAIRED = "repaired"
    REPAIR_ESCALATED = "repair-escalated"
    TEAM_ASSIGNED = "team-assigned"
    TEAM_ASSIGNED_IN_PROBLEM = "team-assigned-in-problem"
    TEAM_REOPENED = "team-reopened"
    TEAM_REPLIED = "team-replied"
    TEAM_PERSON = "team-person"
    TEAM_AT_RISK = "team-at-risk"
    TEAM_BREACHED = "team-breached"
    TEAM_CORRECTED = "team-corrected"
    TEAM_ESCALATED = "team-escalated"
    TEAM_FOLLOW_UP = "team-follow-up"
    TEAM_FOLLOW_UP_OVERDUE = "team-follow-up-overdue"
    TEAM_DEMAND_OVERDUE = "team-demand-overdue"
    TEAM_PROBLEM = "team-problem"
    TEAM_PROBLEM_PROPOSED = "team-problem-proposed"
    TEAM_PROBLEM_REPEATED = "team-problem-repeated"
    TEAM_PROBLEM_STOPPED = "team-problem-stopped"
    TEAM_PROBLEM_CHANGED = "team-problem-changed"
    TEAM_PROBLEM_OVER = "team-problem-over"
    TEAM_PROBLEM_FADED = "team-problem-faded"
    TEAM_PROBLEM_REJECTED = "team-problem-rejected"
    TEAM_PROBLEM_MERGED = "team-problem-merged"
    TEAM_APPROVAL = "team-approval"
    TEAM_PROMOTION = "team-promotion"
    TEAM_PROMOTION_WITHDRAWN = "team-promotion-withdrawn"
    TEAM_DEMOTION = "team-demotion"
    TEAM_REPAIR_FAILED = "team-repair-failed"
    TEAM_REPAIR_CORRECTED = "team-repair-corrected"
    TEAM_SIGNAL = "team-signal"
    TEAM_SIGNAL_ROSE = "team-signal-rose"
    TEAM_SIGNAL_FELL = "team-signal-fell"
    TEAM_SIGNAL_DROPPED = "team-signal-dropped"
    TEAM_SYSTEM = "team-system"
    TEAM_SYSTEM_ESCALATED = "team-system-escalated"
    TEAM_SYSTEM_OUTCOME = "team-system-outcome"
    TEAM_SKILL_GAP = "team-skill-gap"
    TEAM_GOAL = "team-goal"


def write(
    rule: Rule, fields: Mapping[str, Carried], spoken: Catalogue, zone: ZoneInfo
) -> tuple[str, str]:
    """Title and body in the language of the catalogue; moments are told in `zone`."""
    title = spoken.fill(_text(spoken, f"mail.{rule}.title"), fields, zone)
    paragraphs = [
        written
        for paragraph in _text(spoken, f"mail.{rule}.body").split("\n\n")
        if (written := _paragraph(paragraph, fields, spoken, zone))
    ]
    return " ".join(title.split()), "\n\n".join(paragraphs)


def _text(spoken: Catalogue, code: str) -> str:
    text = spoken.template(code)
    if text is None:
        raise LookupError(f"the catalogue {spoken.language} has no {code}")
    return text


def _paragraph(text: str, fields: Mapping[str, Carried], spoken: Catalogue, zone: ZoneInfo) -> str:
    """The lines of which everything that they name is known."""
    lines = []
    for template in text.split("\n"):
        line = template
        if (only := _WITHOUT.fullmatch(template)) is not None:
            if fields.get(only[1]):
                continue
            line = only[2]
        if line and all(fields.get(name) for name in _names(line)):
            lines.append(spoken.fill(line, fields, zone))
    return "\n".join(lines)


@lru_cache(maxsize=1024)  # desk-skip: mutate only quicker
def _names(line: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(line) if name)
