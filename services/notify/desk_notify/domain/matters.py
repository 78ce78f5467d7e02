"""What a team is told that is not about one ticket: problems, failed repairs, early warnings,
and what the figures say of its services and skills.
"""

from collections.abc import Iterable

from desk_shared.events import AnyEvent, Event
from desk_shared.events.automation import RunEscalated, RunHealed
from desk_shared.events.people import Severity, SubjectKind
from desk_shared.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_shared.events.signals import SignalRaised, SignalSeverityChanged
from desk_shared.kernel import Readings, Reducers

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


# Which matter an event belongs to, if any.
matters_of: Readings[Iterable[str]] = Readings(())
# The matter after the event and what its team is told; None if nothing changes.
react: Reducers[Matter | None, [Directory], Reaction] = Reducers(lambda _before, _cause, _to: None)


@matters_of.on(ProblemDetected, ProblemUpdated, ProblemResolved)
def _matter_of_problem(event: AnyEvent) -> Iterable[str]:
    return (f"{MatterKind.PROBLEM}:{event.subject}",)


@matters_of.on(RunEscalated)
def _matter_of_escalation(event: Event[RunEscalated]) -> Iterable[str]:
    return (f"{MatterKind.RUN}:{event.data.run}",)


@matters_of.on(RunHealed)
def _matter_of_correction(event: Event[RunHealed]) -> Iterable[str]:
    return () if event.data.corrects is None else (f"{MatterKind.RUN}:{event.data.run}",)


@matters_of.on(SignalRaised)
def _matter_of_signal(event: Event[SignalRaised]) -> Iterable[str]:
    """A device's signal is the runbooks' business; only what stops a service calls its team."""
    is_critical = event.data.severity is Severity.CRITICAL
    is_service = event.data.subject_kind is SubjectKind.SERVICE
    return (f"{MatterKind.SIGNAL}:{event.data.episode}",) if is_service and is_critical else ()


@matters_of.on(SignalSeverityChanged)
def _matter_of_change(event: Event[SignalSeverityChanged]) -> Iterable[str]:
    is_service = event.data.subject_kind is SubjectKind.SERVICE
    return (f"{MatterKind.SIGNAL}:{event.data.episode}",) if is_service else ()


@matters_of.on(*reports.is_told.types)
def _matter_of_report(event: AnyEvent) -> Iterable[str]:
    return (f"{MatterKind.REPORT}:{event.identity}",) if reports.is_told(event) else ()


@react.on(*reports.react.types)
def _report(before: Matter | None, cause: AnyEvent, directory: Directory) -> Reaction:
    return reports.react(directory, cause) if before is None else None


@react.on(ProblemDetected)
def _problem(
    before: Matter | None, cause: Event[ProblemDetected], directory: Directory
) -> Reaction:
    data = cause.data
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


@react.on(ProblemUpdated)
def _problem_grows(
    before: Matter | None, cause: Event[ProblemUpdated], directory: Directory
) -> Reaction:
    data = cause.data
    if not data.tickets:
        return None
    if before is None:
        card = directory.owner_of(data.service)
        before = _matter(MatterKind.PROBLEM, card, "")
    return before.model_copy(update={"tickets": before.tickets + len(data.tickets)}), ()


@react.on(ProblemResolved)
def _problem_over(
    before: Matter | None, cause: Event[ProblemResolved], directory: Directory
) -> Reaction:
    data = cause.data
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


@react.on(RunEscalated)
def _escalated(before: Matter | None, cause: Event[RunEscalated], directory: Directory) -> Reaction:
    if before is not None:
        return None
    run = cause.data
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


@react.on(RunHealed)
def _repair_corrected(
    before: Matter | None, cause: Event[RunHealed], directory: Directory
) -> Reaction:
    """Whoever was told that it did not help hears once that it did; nobody else does."""
    if before is None or before.is_over:
        return None
    run = cause.data
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


@react.on(SignalRaised)
def _signal(before: Matter | None, cause: Event[SignalRaised], directory: Directory) -> Reaction:
    if before is not None:
        return None
    signal = cause.data
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


@react.on(SignalSeverityChanged)
def _signal_changed(
    before: Matter | None, cause: Event[SignalSeverityChanged], directory: Directory
) -> Reaction:
    """A rise is always told, a fall to those who know of the signal; only the worst calls them."""
    signal = cause.data
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
