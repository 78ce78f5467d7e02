"""What a team is told that is not about one ticket: problems, failed repairs, early warnings,
demands that wait for an answer, and what the figures say of its services and skills.
"""

from collections.abc import Iterable, Mapping, Sized

from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import RunApprovalRequested, RunEscalated, RunHealed
from desk_contracts.events.feedback import DemandReminded
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemEnd,
    ProblemResolved,
    ProblemStatus,
    ProblemUpdated,
)
from desk_contracts.events.signals import SignalDropped, SignalRaised, SignalSeverityChanged
from desk_contracts.value_types import Severity, SubjectKind
from desk_kernel import Readings, Reducers

from desk_notify.rendering.notice import (
    About,
    Fields,
    Messages,
    list_steps,
    list_steps_in_doubt,
    render_notice,
    team,
)
from desk_notify.rendering.templates import Rule
from desk_notify.rules import promotions, reports
from desk_notify.rules.model import TeamTopic, TopicKind
from desk_notify.subscriptions.model import Directory, TeamProfile

Reaction = tuple[TeamTopic, Messages] | None


# Which topic an event belongs to, if any.
topics_of: Readings[Iterable[str]] = Readings(())
# The topic after the event and what its team is told; None if nothing changes.
react: Reducers[TeamTopic | None, [Directory], Reaction] = Reducers(
    lambda _before, _cause, _to: None
)


@topics_of.on(ProblemDetected, ProblemConfirmed, ProblemUpdated, ProblemResolved)
def _find_topic_of_problem(event: AnyEvent) -> Iterable[str]:
    return (f"{TopicKind.PROBLEM}:{event.subject}",)


@topics_of.on(RunApprovalRequested)
def _find_topic_of_approval(event: Event[RunApprovalRequested]) -> Iterable[str]:
    return (f"{TopicKind.APPROVAL}:{event.data.run}",)


@topics_of.on(*promotions.react.types)
def _find_topic_of_promotion(event: AnyEvent) -> Iterable[str]:
    return (f"{TopicKind.PROMOTION}:{event.identity}",)


@topics_of.on(RunEscalated)
def _find_topic_of_escalation(event: Event[RunEscalated]) -> Iterable[str]:
    """Who took it over knows, and has a ticket; of a request its ticket tells them."""
    has_ticket = event.data.ticket or event.data.request
    return () if has_ticket else (f"{TopicKind.RUN}:{event.data.run}",)


@topics_of.on(RunHealed)
def _find_topic_of_correction(event: Event[RunHealed]) -> Iterable[str]:
    return (
        ()
        if event.data.corrects is None or event.data.request
        else (f"{TopicKind.RUN}:{event.data.run}",)
    )


@topics_of.on(DemandReminded)
def _find_topic_of_demand(event: Event[DemandReminded]) -> Iterable[str]:
    return (f"{TopicKind.DEMAND}:{event.data.demand}",)


@topics_of.on(SignalRaised)
def _find_topic_of_signal(event: Event[SignalRaised]) -> Iterable[str]:
    """A device's signal is the runbooks' business; what stops a service, or is of many devices,
    calls a team."""
    is_critical = event.data.severity is Severity.CRITICAL
    is_of_many = event.data.subject_kind is not SubjectKind.DEVICE
    return (f"{TopicKind.SIGNAL}:{event.data.episode}",) if is_of_many and is_critical else ()


@topics_of.on(SignalSeverityChanged, SignalDropped)
def _find_topic_of_change(event: Event[SignalSeverityChanged | SignalDropped]) -> Iterable[str]:
    is_of_many = event.data.subject_kind is not SubjectKind.DEVICE
    return (f"{TopicKind.SIGNAL}:{event.data.episode}",) if is_of_many else ()


@topics_of.on(*reports.is_worth_reporting.types)
def _find_topic_of_report(event: AnyEvent) -> Iterable[str]:
    return (f"{TopicKind.REPORT}:{event.identity}",) if reports.is_worth_reporting(event) else ()


@react.on(*reports.react.types)
def _report(before: TeamTopic | None, cause: AnyEvent, directory: Directory) -> Reaction:
    return reports.react(directory, cause) if before is None else None


@react.on(*promotions.react.types)
def _tell_of_mode(before: TeamTopic | None, cause: AnyEvent, directory: Directory) -> Reaction:
    return promotions.react(directory, cause) if before is None else None


@react.on(ProblemDetected)
def _problem(
    before: TeamTopic | None, cause: Event[ProblemDetected], directory: Directory
) -> Reaction:
    data = cause.data
    if before is not None and before.is_detected:
        return None
    profile = directory.team(data.team)
    tickets = len(data.tickets) + (before.tickets if before else 0)
    is_over = before is not None and before.is_over
    topic = _topic(TopicKind.PROBLEM, profile, "", tickets, is_over=is_over)
    topic = topic.model_copy(update={"is_detected": True})
    if is_over:
        return topic, ()
    fields: Fields = {
        "title": data.title,
        "service": directory.service(data.service),
        "tickets": _count(data.ticket_count, data.tickets),
        "people": _count(data.people_count, data.people),
        "explanation": data.explanation,
        "text": data.message,
    }
    is_confirmed = data.status is ProblemStatus.CONFIRMED
    about = About(problem=cause.subject, urgent=is_confirmed)
    by_runbook = Rule.TEAM_PROBLEM_STOPPED if data.stop else Rule.TEAM_PROBLEM_REPEATED
    proposed = by_runbook if data.runbook else Rule.TEAM_PROBLEM_PROPOSED
    rule = Rule.TEAM_PROBLEM if is_confirmed else proposed
    return topic, (render_notice(cause, rule, team(profile), fields, about),)


@react.on(ProblemConfirmed)
def _problem_confirmed(
    before: TeamTopic | None, cause: Event[ProblemConfirmed], directory: Directory
) -> Reaction:
    """The team hears once more if the evidence said so, and not one of their own."""
    data = cause.data
    if data.by or before is None or before.is_over:
        return None
    profile = directory.team(data.team)
    fields: Fields = {
        "title": data.title,
        "service": directory.service(data.service),
        "tickets": _count(data.ticket_count, data.tickets),
        "people": _count(data.people_count, data.people),
        "explanation": data.explanation,
        "text": data.message,
    }
    about = About(problem=cause.subject, urgent=True)
    return before, (render_notice(cause, Rule.TEAM_PROBLEM, team(profile), fields, about),)


@react.on(ProblemUpdated)
def _problem_grows(
    before: TeamTopic | None, cause: Event[ProblemUpdated], directory: Directory
) -> Reaction:
    data = cause.data
    if data.explanation:
        return _report_change(before, cause, directory)
    if not data.tickets:
        return None
    if before is None:
        profile = directory.owner_of(data.service)
        before = _topic(TopicKind.PROBLEM, profile, "")
    return before.model_copy(update={"tickets": before.tickets + len(data.tickets)}), ()


def _report_change(
    before: TeamTopic | None, cause: Event[ProblemUpdated], directory: Directory
) -> Reaction:
    """The team that has the problem hears it; what is over needs no news."""
    data = cause.data
    if before is None or before.is_over:
        return None
    fields: Fields = {"title": data.title, "explanation": data.explanation}
    recipient, about = team(directory.team(before.team)), About(problem=cause.subject)
    return before, (render_notice(cause, Rule.TEAM_PROBLEM_CHANGED, recipient, fields, about),)


# Nothing is over where there was no problem, or where it goes on as another.
_OTHER_ENDS: Mapping[ProblemEnd | None, Rule] = {
    ProblemEnd.REJECTED: Rule.TEAM_PROBLEM_REJECTED,
    ProblemEnd.MERGED: Rule.TEAM_PROBLEM_MERGED,
}


def _count(stated: int | None, listed: Sized) -> str:
    """How many there are, though one event may not list all; nothing to say of none."""
    count = max(stated or 0, len(listed))
    return str(count) if count else ""


@react.on(ProblemResolved)
def _problem_over(
    before: TeamTopic | None, cause: Event[ProblemResolved], directory: Directory
) -> Reaction:
    data = cause.data
    if before is not None and before.is_over:
        return None
    profile = directory.team(before.team) if before else directory.owner_of(data.service)
    topic = _topic(TopicKind.PROBLEM, profile, "", len(data.tickets), is_over=True)
    fields: Fields = {
        "title": data.title,
        "text": data.resolution,
        "tickets": _count(data.ticket_count, data.tickets),
    }
    about = About(problem=cause.subject)
    ended = Rule.TEAM_PROBLEM_OVER if data.is_solved else Rule.TEAM_PROBLEM_FADED
    rule = _OTHER_ENDS.get(data.end, ended)
    return topic, (render_notice(cause, rule, team(profile), fields, about),)


@react.on(RunApprovalRequested)
def _ask_for_approval(
    before: TeamTopic | None, cause: Event[RunApprovalRequested], directory: Directory
) -> Reaction:
    """The team is asked at once: silence is no, so hours that pass quietly are an answer."""
    if before is not None:
        return None
    run = cause.data
    profile = directory.team(run.team)
    fields: Fields = {
        "title": run.title,
        "runbook": run.runbook,
        "run": run.run,
        "target": cause.subject,
        "plan": run.plan,
        "until": run.until,
        "count": str(run.needed) if run.needed > 1 else "",
        "role": run.role,
        "service": directory.service(run.service),
        "person": run.person,
        "explanation": run.explanation,
    }
    about = About(urgent=True)
    message = render_notice(cause, Rule.TEAM_APPROVAL, team(profile), fields, about)
    return _topic(TopicKind.APPROVAL, profile, run.title), (message,)


@react.on(RunEscalated)
def _report_escalation(
    before: TeamTopic | None, cause: Event[RunEscalated], directory: Directory
) -> Reaction:
    if before is not None:
        return None
    run = cause.data
    profile = directory.team(run.team)
    recipient = team(profile)
    fields: Fields = {
        "title": run.title,
        "runbook": run.runbook,
        "target": cause.subject,
        "reason": run.reason,
        "service": directory.service(run.service),
        "person": run.person,
        "site": run.site,
        "evidence": list_steps(run.evidence, recipient),
        "in_doubt": list_steps_in_doubt(run.evidence),
    }
    message = render_notice(cause, Rule.TEAM_REPAIR_FAILED, recipient, fields, About())
    return _topic(TopicKind.RUN, profile, run.title), (message,)


@react.on(RunHealed)
def _repair_corrected(
    before: TeamTopic | None, cause: Event[RunHealed], directory: Directory
) -> Reaction:
    """Whoever was told that it did not help hears once that it did; nobody else does."""
    if before is None or before.is_over:
        return None
    run = cause.data
    recipient = team(directory.team(before.team))
    fields: Fields = {
        "title": before.title,
        "runbook": run.runbook,
        "target": cause.subject,
        "service": directory.service(run.service),
        "person": run.person,
        "evidence": list_steps(run.evidence, recipient),
    }
    message = render_notice(cause, Rule.TEAM_REPAIR_CORRECTED, recipient, fields, About())
    return before.model_copy(update={"is_over": True}), (message,)


@react.on(DemandReminded)
def _remind_of_demand(
    before: TeamTopic | None, cause: Event[DemandReminded], directory: Directory
) -> Reaction:
    """Who answers for the service; of what no service offers yet the default team."""
    if before is not None:
        return None
    data = cause.data
    profile = directory.owner_of(data.service) if data.service else directory.team("")
    fields: Fields = {
        "what": directory.service(data.service) if data.service else data.what,
        "count": str(data.votes),
        "due": data.due,
        "demand": data.demand,
    }
    message = render_notice(cause, Rule.TEAM_DEMAND_OVERDUE, team(profile), fields, About())
    return _topic(TopicKind.DEMAND, profile, data.what), (message,)


def _name_service(event: Event[SignalRaised | SignalSeverityChanged | SignalDropped]) -> str:
    """Its own name where the subject is a service; a fleet of devices is of none."""
    is_fleet = event.data.subject_kind is SubjectKind.FLEET
    return event.data.service or ("" if is_fleet else event.subject)


@react.on(SignalRaised)
def _signal(before: TeamTopic | None, cause: Event[SignalRaised], directory: Directory) -> Reaction:
    if before is not None:
        return None
    signal = cause.data
    service = _name_service(cause)
    profile = directory.owner_of(service)
    recipient = team(profile)
    fields: Fields = {
        "title": signal.title,
        "subject": cause.subject,
        # What an alert or a count of devices has as its value was measured nowhere.
        "measurement": signal.measurement if signal.is_measured else "",
        "value": signal.value,
        "threshold": signal.threshold,
        "service": directory.service(service),
        "due": signal.expected_at,
        "explanation": signal.explanation,
    }
    message = render_notice(cause, Rule.TEAM_SIGNAL, recipient, fields, About(urgent=True))
    return _topic(TopicKind.SIGNAL, profile, signal.title), (message,)


@react.on(SignalSeverityChanged)
def _signal_changed(
    before: TeamTopic | None, cause: Event[SignalSeverityChanged], directory: Directory
) -> Reaction:
    """A rise is always told, a fall to those who know of the signal; only the worst calls them."""
    signal = cause.data
    if before is None and not signal.is_worse:
        return None
    service = _name_service(cause)
    profile = directory.owner_of(service)
    recipient = team(profile)
    fields: Fields = {
        "title": signal.title,
        "subject": cause.subject,
        "severity": signal.severity,
        "previous": signal.previous,
        "service": directory.service(service),
        "explanation": signal.explanation,
    }
    rule = Rule.TEAM_SIGNAL_ROSE if signal.is_worse else Rule.TEAM_SIGNAL_FELL
    is_urgent = signal.is_worse and signal.severity is Severity.CRITICAL
    message = render_notice(cause, rule, recipient, fields, About(urgent=is_urgent))
    return _topic(TopicKind.SIGNAL, profile, signal.title), (message,)


@react.on(SignalDropped)
def _signal_dropped(
    before: TeamTopic | None, cause: Event[SignalDropped], directory: Directory
) -> Reaction:
    """Who was called for it hears that nobody will say when it is over; nobody else does."""
    if before is None or before.is_over:
        return None
    signal = cause.data
    recipient = team(directory.team(before.team))
    fields: Fields = {
        "title": signal.title,
        "subject": cause.subject,
        "service": directory.service(_name_service(cause)),
        "since": signal.seen_at,
        "explanation": signal.explanation,
    }
    message = render_notice(cause, Rule.TEAM_SIGNAL_DROPPED, recipient, fields, About())
    return before.model_copy(update={"is_over": True}), (message,)


def _topic(
    kind: TopicKind, profile: TeamProfile, title: str, tickets: int = 0, *, is_over: bool = False
) -> TeamTopic:
    return TeamTopic(kind=kind, team=profile.name, title=title, tickets=tickets, is_over=is_over)
