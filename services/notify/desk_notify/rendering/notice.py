"""From "this rule tells this recipient" to the event that says it, once, in their language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from desk_contracts import AnyEvent, Event, derive
from desk_contracts.events.automation import Evidence, StepStatus
from desk_contracts.events.notifications import Audience, MessageKind, Notified
from desk_contracts.message import Carried, Message, Param, message, plain
from desk_contracts.messages import Catalogue, Language, catalogue
from desk_contracts.names import NOTIFY_SOURCE

from desk_notify.rendering.templates import Rule, write
from desk_notify.subscriptions.model import TeamProfile

SOURCE = NOTIFY_SOURCE
UTC = ZoneInfo("UTC")

# 300 characters are the limit of a title; 8,000 stay below 64 KiB even if each needs six bytes.
_TITLE, _BODY, _QUOTE, _FACT = 300, 8_000, 2_000, 400
_MOST_FACTS = 10

_KINDS = {
    Rule.RECEIVED: MessageKind.TICKET_RECEIVED,
    Rule.RESOLVED: MessageKind.TICKET_RESOLVED,
    Rule.WATCHED_RESOLVED: MessageKind.TICKET_RESOLVED,
    Rule.ASSIGNED: MessageKind.TICKET_ASSIGNED,
    Rule.PROBLEM_KNOWN: MessageKind.PROBLEM_DECLARED,
    Rule.PROBLEM_OVER: MessageKind.PROBLEM_RESOLVED,
    Rule.PROBLEM_FADED: MessageKind.PROBLEM_RESOLVED,
    Rule.PROBLEM_REJECTED: MessageKind.PROBLEM_RESOLVED,
    Rule.REPAIR_BEGINS: MessageKind.REPAIR_STARTED,
    Rule.REPAIRED: MessageKind.REPAIR_DONE,
    Rule.REPAIR_ESCALATED: MessageKind.REPAIR_FAILED,
    Rule.TEAM_ASSIGNED: MessageKind.TICKET_ASSIGNED,
    Rule.TEAM_ASSIGNED_IN_PROBLEM: MessageKind.TICKET_ASSIGNED,
    Rule.TEAM_AT_RISK: MessageKind.SLA_AT_RISK,
    Rule.TEAM_BREACHED: MessageKind.SLA_BREACHED,
    Rule.TEAM_CORRECTED: MessageKind.SLA_CORRECTED,
    Rule.TEAM_ESCALATED: MessageKind.TICKET_ESCALATED,
    Rule.TEAM_PROBLEM: MessageKind.PROBLEM_DECLARED,
    Rule.TEAM_PROBLEM_PROPOSED: MessageKind.PROBLEM_DECLARED,
    Rule.TEAM_PROBLEM_REPEATED: MessageKind.PROBLEM_DECLARED,
    Rule.TEAM_PROBLEM_STOPPED: MessageKind.PROBLEM_DECLARED,
    Rule.TEAM_PROBLEM_CHANGED: MessageKind.PROBLEM_DECLARED,
    Rule.TEAM_PROBLEM_OVER: MessageKind.PROBLEM_RESOLVED,
    Rule.TEAM_PROBLEM_FADED: MessageKind.PROBLEM_RESOLVED,
    Rule.TEAM_PROBLEM_REJECTED: MessageKind.PROBLEM_RESOLVED,
    Rule.TEAM_PROBLEM_MERGED: MessageKind.PROBLEM_RESOLVED,
    Rule.TEAM_APPROVAL: MessageKind.APPROVAL_REQUESTED,
    Rule.TEAM_PROMOTION: MessageKind.APPROVAL_REQUESTED,
    Rule.TEAM_PROMOTION_WITHDRAWN: MessageKind.REPORT,
    Rule.TEAM_DEMOTION: MessageKind.REPORT,
    Rule.TEAM_REPAIR_FAILED: MessageKind.REPAIR_FAILED,
    Rule.TEAM_REPAIR_CORRECTED: MessageKind.REPAIR_DONE,
    Rule.TEAM_SIGNAL: MessageKind.SIGNAL_RAISED,
    Rule.TEAM_SIGNAL_ROSE: MessageKind.SIGNAL_RAISED,
    Rule.TEAM_SIGNAL_FELL: MessageKind.SIGNAL_RAISED,
    Rule.TEAM_SIGNAL_DROPPED: MessageKind.SIGNAL_RAISED,
    Rule.TEAM_SYSTEM: MessageKind.REPORT,
    Rule.TEAM_SYSTEM_ESCALATED: MessageKind.REPORT,
    Rule.TEAM_SYSTEM_OUTCOME: MessageKind.REPORT,
    Rule.TEAM_SKILL_GAP: MessageKind.REPORT,
    Rule.TEAM_GOAL: MessageKind.REPORT,
}

Messages = tuple[Event[Notified], ...]


@dataclass(frozen=True, slots=True)
class About:
    """What a message is about, besides its words."""

    ticket: str = ""
    code: str = ""
    problem: str = ""
    urgent: bool = False


# What stands in a field: words as they are, what the desk says, a moment, a day, a number.
FieldValue = Param | None
Fields = Mapping[str, FieldValue]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who reads a message, in which language, and in which zone moments are told."""

    audience: Audience
    name: str
    language: Language
    zone: ZoneInfo

    @property
    def catalogue(self) -> Catalogue:
        return catalogue(self.language)

    def words(self, value: Carried) -> Carried:
        """What goes into a field: what the desk says is told in the reader's language."""
        match value:
            case Message():
                return truncate(self.catalogue.render(value, self.zone))
            case tuple():
                return truncate(self.catalogue.render(message("text.list", parts=value), self.zone))
        return value


def person(name: str, language: Language, zone: ZoneInfo = UTC) -> Recipient:
    """An employee."""
    return Recipient(Audience.PERSON, name, language, zone)


def team(profile: TeamProfile) -> Recipient:
    """A team."""
    return Recipient(Audience.TEAM, profile.name, profile.language, profile.zone)


def render_notice(
    cause: AnyEvent,
    rule: Rule,
    recipient: Recipient,
    fields: Mapping[str, FieldValue],
    about: About,
) -> Event[Notified]:
    """The message; its id is the same for one cause, rule and recipient, whenever it is made."""
    given = {name: value for name, value in fields.items() if value is not None}
    words = {name: recipient.words(value) for name, value in plain(given).items()}
    title, body = write(rule, words, recipient.catalogue, recipient.zone)
    notified = Notified(
        audience=recipient.audience,
        recipient=recipient.name,
        kind=_KINDS.get(rule, MessageKind.TICKET_CHANGED),
        title=truncate(title, _TITLE),
        body=truncate(body, _BODY),
        ticket=about.ticket,
        code=about.code,
        problem=about.problem,
        urgent=about.urgent,
    )
    return derive(
        cause,
        notified,
        source=SOURCE,
        subject=recipient.name,
        rule=f"{rule}:{recipient.audience}:{recipient.name}",
        at=cause.time,
    )


def language_of(tag: str) -> Language:
    """German for `de`, `de-AT` and the like; English for everything else."""
    return "de" if tag.lower().partition("-")[0] == "de" else "en"


def truncate(text: str, most: int = _QUOTE) -> str:
    """At most so many characters, with a sign that something is missing."""
    text = text.strip()
    return text if len(text) <= most else f"{text[: most - 2].rstrip()} …"


def list_steps(evidence: Iterable[Evidence], recipient: Recipient) -> str:
    """What a repair did, a line for each step."""
    spoken, lines = recipient.catalogue, []
    for step in tuple(evidence)[-_MOST_FACTS:]:
        status = spoken.word("step-status", step.status)
        text = spoken.render(step.message, recipient.zone) if step.message else ""
        outcome = f"{status}: {shorten(text)}" if text else status
        lines.append(f"- {step.step}: {outcome}")
    return "\n".join(lines)


def list_steps_in_doubt(evidence: Iterable[Evidence]) -> str:
    """The steps of which nobody knows whether they happened."""
    steps = dict.fromkeys(item.step for item in evidence if item.status is StepStatus.IN_DOUBT)
    return ", ".join(steps)


def shorten(text: str) -> str:
    """A short fact worth keeping, on one line."""
    return truncate(" ".join(text.split()), _FACT)
