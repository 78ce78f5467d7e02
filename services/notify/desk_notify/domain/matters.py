"""What a team is told that is not about one ticket: problems, failed repairs, early warnings,
and what the figures say of its services and skills.
"""

from collections.abc import Iterable
from typing import TypeGuard

from desk_shared.events import AnyEvent, Payload
from desk_shared.events.automation import RunEscalated, RunHealed
from desk_shared.events.people import Severity, SubjectKind
from desk_shared.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_shared.events.signals import SignalRaised, SignalSeverityChanged

from desk_notify.domain import reports
from desk_notify.domain.directory import Directory, TeamCard
from desk_notify.domain.messages import (
    About,
    Messages,
    Said,
    as_lines,
    steps_in_doubt,
    team,
    tell,
)
from desk_notify.domain.model import Matter, MatterKind
from desk_notify.domain.texts import Rule

Reaction = tuple[Matter, Messages] | None


def matters_of(event: AnyEvent) -> Iterable[str]:
    """Which matter an event belongs to, if any.

    A device's signal is the runbooks' business; only what stops a service, or gets worse, calls
    its team.
    """
    data = event.data
    if isinstance(data, ProblemDetected | ProblemUpdated | ProblemResolved):
        return (f"{MatterKind.PROBLEM}:{event.subject}",)
    if isinstance(data, RunEscalated) or _is_correction(data):
        return (f"{MatterKind.RUN}:{data.run}",)
    if isinstance(data, SignalRaised | SignalSeverityChanged) and _is_alarming(data):
        return (f"{MatterKind.SIGNAL}:{data.episode}",)
    return (f"{MatterKind.REPORT}:{event.identity}",) if reports.is_told(data) else ()


def react(before: Matter | None, event: AnyEvent, directory: Directory) -> Reaction:
    """The matter after the event and what its team is told; None if nothing changes."""
    data = event.data
    match data:
        case ProblemResolved():
            return _problem_over(before, event, data, directory)
        case ProblemUpdated():
            return _problem_grows(before, data, directory)
        case ProblemDetected():
            return _problem(before, event, data, directory)
        case RunEscalated() | RunHealed():
            return _repair_told(before, event, data, directory)
        case SignalRaised() | SignalSeverityChanged():
            return _signal_told(before, event, data, directory)
    return reports.react(event, directory) if before is None else None


def _is_correction(data: Payload) -> TypeGuard[RunHealed]:
    return isinstance(data, RunHealed) and data.corrects is not None


def _signal_told(
    before: Matter | None,
    cause: AnyEvent,
    data: SignalRaised | SignalSeverityChanged,
    directory: Directory,
) -> Reaction:
    if isinstance(data, SignalSeverityChanged):
        return _signal_changed(before, cause, data, directory)
    return _signal(cause, data, directory) if before is None else None


def _is_alarming(signal: SignalRaised | SignalSeverityChanged) -> bool:
    if signal.subject_kind is not SubjectKind.SERVICE:
        return False
    return isinstance(signal, SignalSeverityChanged) or signal.severity is Severity.CRITICAL


def _problem(
    before: Matter | None, cause: AnyEvent, data: ProblemDetected, directory: Directory
) -> Reaction:
    if before is not None and before.is_detected:
        return None
    card = directory.team(data.team)
    tickets = len(data.tickets) + (before.tickets if before else 0)
    is_over = before is not None and before.is_over
    matter = _matter(MatterKind.PROBLEM, card, "", tickets, is_over=is_over)
    matter = matter.model_copy(update={"is_detected": True})
    if is_over:
        return matter, ()
    fields: dict[str, Said] = {
        "title": data.title,
        "service": directory.service(data.service),
        "tickets": str(len(data.tickets)) if data.tickets else "",
        "people": str(len(data.people)) if data.people else "",
        "explanation": data.explanation,
        "text": data.message,
    }
    about = About(problem=cause.subject, urgent=True)
    return matter, (tell(cause, Rule.TEAM_PROBLEM, team(card), fields, about),)


def _problem_grows(before: Matter | None, data: ProblemUpdated, directory: Directory) -> Reaction:
    if not data.tickets:
        return None
    if before is None:
        card = directory.owner_of(data.service)
        before = _matter(MatterKind.PROBLEM, card, "")
    return before.model_copy(update={"tickets": before.tickets + len(data.tickets)}), ()


def _problem_over(
    before: Matter | None, cause: AnyEvent, data: ProblemResolved, directory: Directory
) -> Reaction:
    if before is not None and before.is_over:
        return None
    card = directory.team(before.team) if before else directory.owner_of(data.service)
    matter = _matter(MatterKind.PROBLEM, card, "", len(data.tickets), is_over=True)
    fields: dict[str, Said] = {
        "title": data.title,
        "text": data.resolution,
        "tickets": str(len(data.tickets)) if data.tickets else "",
    }
    about = About(problem=cause.subject)
    return matter, (tell(cause, Rule.TEAM_PROBLEM_OVER, team(card), fields, about),)


def _repair_told(
    before: Matter | None, cause: AnyEvent, data: RunEscalated | RunHealed, directory: Directory
) -> Reaction:
    if isinstance(data, RunHealed):
        return _repair_corrected(before, cause, data, directory)
    return _escalated(cause, data, directory) if before is None else None


def _escalated(cause: AnyEvent, run: RunEscalated, directory: Directory) -> Reaction:
    card = directory.team(run.team)
    reader = team(card)
    fields: dict[str, Said] = {
        "title": run.title,
        "runbook": run.runbook,
        "target": cause.subject,
        "reason": run.reason,
        "service": directory.service(run.service),
        "person": run.person,
        "site": run.site,
        "evidence": as_lines(run.evidence, reader),
        "in_doubt": steps_in_doubt(run.evidence),
    }
    message = tell(cause, Rule.TEAM_REPAIR_FAILED, reader, fields, About())
    return _matter(MatterKind.RUN, card, run.title), (message,)


def _repair_corrected(
    before: Matter | None, cause: AnyEvent, run: RunHealed, directory: Directory
) -> Reaction:
    """Whoever was told that it did not help hears once that it did; nobody else does."""
    if before is None or before.is_over:
        return None
    reader = team(directory.team(before.team))
    fields: dict[str, Said] = {
        "title": before.title,
        "runbook": run.runbook,
        "target": cause.subject,
        "service": directory.service(run.service),
        "person": run.person,
        "evidence": as_lines(run.evidence, reader),
    }
    message = tell(cause, Rule.TEAM_REPAIR_CORRECTED, reader, fields, About())
    return before.model_copy(update={"is_over": True}), (message,)


def _signal(cause: AnyEvent, signal: SignalRaised, directory: Directory) -> Reaction:
    service = signal.service or cause.subject
    card = directory.owner_of(service)
    reader = team(card)
    fields: dict[str, Said] = {
        "title": signal.title,
        "subject": cause.subject,
        "measurement": signal.measurement,
        "value": signal.value,
        "threshold": signal.threshold,
        "service": directory.service(service),
        "due": signal.expected_at,
        "explanation": signal.explanation,
    }
    message = tell(cause, Rule.TEAM_SIGNAL, reader, fields, About(urgent=True))
    return _matter(MatterKind.SIGNAL, card, signal.title), (message,)


def _signal_changed(
    before: Matter | None, cause: AnyEvent, signal: SignalSeverityChanged, directory: Directory
) -> Reaction:
    """A rise is always told, a fall to those who know of the signal; only the worst calls them."""
    if before is None and not signal.is_worse:
        return None
    service = signal.service or cause.subject
    card = directory.owner_of(service)
    reader = team(card)
    fields: dict[str, Said] = {
        "title": signal.title,
        "subject": cause.subject,
        "severity": signal.severity,
        "previous": signal.previous,
        "service": directory.service(service),
        "explanation": signal.explanation,
    }
    rule = Rule.TEAM_SIGNAL_ROSE if signal.is_worse else Rule.TEAM_SIGNAL_FELL
    is_urgent = signal.is_worse and signal.severity is Severity.CRITICAL
    message = tell(cause, rule, reader, fields, About(urgent=is_urgent))
    return _matter(MatterKind.SIGNAL, card, signal.title), (message,)


def _matter(
    kind: MatterKind, card: TeamCard, title: str, tickets: int = 0, *, is_over: bool = False
) -> Matter:
    return Matter(kind=kind, team=card.name, title=title, tickets=tickets, is_over=is_over)
