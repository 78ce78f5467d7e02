"""What a ticket's life and SLAs make notify say: pure, one function per type of event."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from desk_shared.events import AnyEvent, Event, Payload
from desk_shared.events import tickets as life
from desk_shared.events.people import Priority
from desk_shared.events.problems import ProblemResolved
from desk_shared.events.sla import (
    ClockName,
    SlaAtRisk,
    SlaBreached,
    SlaCancelled,
    SlaResumed,
    SlaStarted,
)
from desk_shared.kernel import Reducers

from desk_notify.domain.directory import Directory
from desk_notify.domain.messages import Messages, clipped, language_of
from desk_notify.domain.model import EarlyFact, Kept, SlaReported, Ticket
from desk_notify.domain.scene import Scene, Step
from desk_notify.domain.texts import Rule

# What a message quotes of a ticket, and how many facts and early events one ticket keeps.
_EXCERPT = 500
_MOST = 8
# What a team was told of SLAs, or will be, and may have to be taken back: of every cycle.
_MOST_SAID = 400


_steps: Reducers[Scene, [], Step] = Reducers(lambda scene, _event: (scene, ()))


def concerns(event: AnyEvent) -> bool:
    """Whether a ticket's messages depend on this event of its own."""
    return type(event.data) in _steps.types


def react(
    ticket: Ticket | None, event: AnyEvent, directory: Directory
) -> tuple[Ticket, Messages] | None:
    """The ticket after the event and what is said because of it; None if nothing changes."""
    before = ticket or Ticket()
    scene, messages = _steps(Scene(before, event, directory), event)
    if scene.ticket is before and not messages:
        return None
    return scene.ticket, messages


@_steps.on(life.TicketOpened)
def _opened(scene: Scene, event: Event[life.TicketOpened]) -> Step:
    opened = event.data
    early = scene.ticket.early
    scene = scene.changed(
        code=opened.code,
        kind=opened.kind,
        title=opened.title,
        text=clipped(opened.description, _EXCERPT),
        requester=opened.requester,
        language=language_of(opened.language),
        service=opened.service,
        early=(),
    )
    messages = scene.to_requester(Rule.RECEIVED) if _is_theirs(scene.ticket) else ()
    for one in early:
        told, more = _told(_at(scene, one, one.fact), one.fact)
        scene = scene.changed(slas_reported=told.ticket.slas_reported)
        messages += more
    return scene, messages


@_steps.on(life.TicketTriaged)
def _triaged(scene: Scene, event: Event[life.TicketTriaged]) -> Step:
    triaged = event.data
    service = triaged.service or scene.ticket.service
    return scene.changed(priority=triaged.priority, service=service), ()


@_steps.on(life.TicketUpdated)
def _updated(scene: Scene, event: Event[life.TicketUpdated]) -> Step:
    updated = event.data
    given = {"title": updated.title, "priority": updated.priority, "service": updated.service}
    changes: dict[str, object] = {k: v for k, v in given.items() if v is not None}
    return (scene.changed(**changes) if changes else scene), ()


@_steps.on(life.TicketAssigned)
def _assigned(scene: Scene, event: Event[life.TicketAssigned]) -> Step:
    """A new member of the same team is that team's own business."""
    assigned = event.data
    is_new = assigned.team != scene.ticket.team
    scene = scene.changed(team=assigned.team)
    if not is_new:
        return scene, ()
    explanation = assigned.explanation
    if scene.ticket.problem:
        return scene, scene.to_team(Rule.TEAM_ASSIGNED_IN_PROBLEM, explanation=explanation)
    messages = scene.to_team(
        Rule.TEAM_ASSIGNED,
        urgent=scene.ticket.priority is Priority.P1,
        member=assigned.member,
        text=scene.ticket.text,
        explanation=explanation,
        evidence=scene.ticket.evidence,
    )
    if _will_have_sla(scene):
        # A moment later it is known by when they answer, and that is half of the news.
        return scene.changed(news=Kept(**_origin(scene.cause))), messages
    return scene, messages + _unless_quiet(scene, Rule.ASSIGNED)


@_steps.on(life.TicketStarted)
def _started(scene: Scene, _event: Event[life.TicketStarted]) -> Step:
    scene, news = _with_news(scene)
    return scene, news + _unless_quiet(scene, Rule.STARTED)


@_steps.on(life.TicketPaused)
def _paused(scene: Scene, event: Event[life.TicketPaused]) -> Step:
    paused = event.data
    if paused.waiting_for is not life.WaitingFor.EMPLOYEE:
        return scene, ()
    moments, question = {"until": paused.until}, scene.ticket.question
    return scene, scene.to_requester(Rule.WAITING, moments, question=question)


@_steps.on(life.TicketCommented)
def _commented(scene: Scene, event: Event[life.TicketCommented]) -> Step:
    """People's own words go across; internal and automatic comments stay where they are."""
    comment = event.data
    if comment.automatic or not comment.public or not comment.text:
        return scene, ()
    text = clipped(comment.text)
    if comment.role is life.Role.EMPLOYEE:
        has_team = bool(scene.ticket.team)
        return scene, scene.to_team(Rule.TEAM_REPLIED, by=comment.by, text=text) if has_team else ()
    if comment.role is not life.Role.MEMBER:
        return scene, ()
    scene = scene.changed(question=clipped(comment.text, _EXCERPT))
    if comment.by == scene.ticket.requester:
        return scene, ()
    return scene, scene.to_requester(Rule.ANSWERED, text=text)


@_steps.on(life.TicketLinked)
def _linked(scene: Scene, event: Event[life.TicketLinked]) -> Step:
    linked = event.data
    ticket = scene.ticket
    if linked.kind is life.LinkKind.PROBLEM and linked.target not in ticket.problems_over:
        scene = scene.changed(problem=linked.target)
    if linked.kind is not life.LinkKind.TICKET and linked.message:
        scene = scene.changed(evidence=(*ticket.evidence, linked.message)[-_MOST:])
    return scene, ()


@_steps.on(life.TicketMerged)
def _merged(scene: Scene, _event: Event[life.TicketMerged]) -> Step:
    scene, news = _with_news(scene)
    return scene.changed(is_done=True), news + _unless_quiet(scene, Rule.MERGED)


@_steps.on(life.TicketResolved)
def _resolved(scene: Scene, event: Event[life.TicketResolved]) -> Step:
    """Who solved it alone, or took it back, knows; who was told by the problem knows too."""
    resolved = event.data
    scene, news = _with_news(scene)
    scene = scene.changed(is_done=True)
    is_known = resolved.how in (life.How.PROBLEM, life.How.WITHDRAWN)
    if is_known or resolved.by == scene.ticket.requester:
        return scene, news
    return scene, news + scene.to_requester(Rule.RESOLVED, text=resolved.resolution)


@_steps.on(life.TicketReopened)
def _reopened(scene: Scene, event: Event[life.TicketReopened]) -> Step:
    """A ticket that is reopened is a case of its own, whatever problem it belonged to."""
    reopened = event.data
    scene = scene.changed(is_done=False, problem="", problems_over=_with_problem(scene.ticket))
    text = clipped(reopened.reason)
    messages = scene.to_team(Rule.TEAM_REOPENED, text=text) if scene.ticket.team else ()
    if reopened.by != scene.ticket.requester:
        messages += scene.to_requester(Rule.REOPENED, text=text)
    return scene, messages


@_steps.on(life.TicketClosed)
def _closed(scene: Scene, _event: Event[life.TicketClosed]) -> Step:
    scene, news = _with_news(scene)
    return scene.changed(is_done=True), news


@_steps.on(ProblemResolved)
def _problem_over(scene: Scene, _event: Event[ProblemResolved]) -> Step:
    """Also noted for a ticket that is linked to the problem only afterwards."""
    ticket, problem = scene.ticket, scene.cause.subject
    over = (*ticket.problems_over, problem)[-_MOST:]
    return scene.changed(
        problem="" if ticket.problem == problem else ticket.problem, problems_over=over
    ), ()


@_steps.on(SlaStarted)
def _sla_started(scene: Scene, event: Event[SlaStarted]) -> Step:
    started = event.data
    scene = _due(scene, started.clock, started.due)
    if started.clock is not ClockName.RESPONSE:
        return scene, ()
    return _with_news(scene.changed(has_sla=True))


@_steps.on(SlaResumed)
def _sla_resumed(scene: Scene, event: Event[SlaResumed]) -> Step:
    resumed = event.data
    return _due(scene, resumed.clock, resumed.due), ()


@_steps.on(SlaAtRisk, SlaBreached)
def _sla_told(scene: Scene, event: Event[SlaAtRisk | SlaBreached]) -> Step:
    fact = event.data
    if scene.ticket.code:
        return _told(scene, fact)
    early = EarlyFact(**_origin(scene.cause), fact=fact)
    return scene.changed(early=(*scene.ticket.early, early)[-_MOST_SAID:]), ()


def _told(scene: Scene, fact: SlaAtRisk | SlaBreached) -> Step:
    """What was late already when its clock began pages nobody; what is done needs no hurry."""
    if scene.ticket.is_done or (isinstance(fact, SlaBreached) and fact.inherited):
        return scene, ()
    theirs = scene if scene.ticket.team else scene.changed(team=fact.team)
    scene = _noted_as_said(scene, fact, theirs.team.name)
    moments = {"due": fact.due}
    if isinstance(fact, SlaBreached):
        return scene, theirs.to_team(Rule.TEAM_BREACHED, moments, urgent=True, clock=fact.clock)
    percent = str(fact.percent)
    return scene, theirs.to_team(Rule.TEAM_AT_RISK, moments, clock=fact.clock, percent=percent)


def _noted_as_said(scene: Scene, fact: SlaAtRisk | SlaBreached, told: str) -> Scene:
    said = SlaReported(
        sla=_sla_of(fact),
        what="breached" if isinstance(fact, SlaBreached) else "at_risk",
        team=told,
        due=fact.due,
    )
    others = [one for one in scene.ticket.slas_reported if not _is_same(one, said)]
    return scene.changed(slas_reported=(*others, said)[-_MOST_SAID:])


@_steps.on(SlaCancelled)
def _taken_back(scene: Scene, event: Event[SlaCancelled]) -> Step:
    """What a team was told and late facts show not to be so is corrected once, to that team."""
    fact = event.data
    ticket, sla = scene.ticket, _sla_of(fact)
    if not fact.untrue:
        return scene, ()
    early = tuple(one for one in ticket.early if _sla_of(one.fact) != sla)
    wrong = [one for one in ticket.slas_reported if one.sla == sla]
    if not wrong and early == ticket.early:
        return scene, ()
    left = tuple(one for one in ticket.slas_reported if one not in wrong)
    after = scene.changed(slas_reported=left, early=early)
    messages: Messages = ()
    for one in wrong:
        if one.what == fact.untrue:
            then = scene.changed(team=one.team)
            is_breach = one.what == "breached"
            messages += then.to_team(
                Rule.TEAM_CORRECTED,
                {"due": one.due},
                broken=fact.clock if is_breach else "",
                at_risk="" if is_breach else fact.clock,
            )
    return after, messages


def _sla_of(fact: SlaAtRisk | SlaBreached | SlaCancelled) -> str:
    return f"{fact.clock}/{fact.policy}/{fact.policy_version}/{fact.cycle}/{fact.team}"


def _is_same(one: SlaReported, other: SlaReported) -> bool:
    return (one.sla, one.what, one.team) == (other.sla, other.what, other.team)


def _will_have_sla(scene: Scene) -> bool:
    """A ticket last written by a version that kept less has its due time and no more."""
    is_known = scene.ticket.has_sla or scene.ticket.response_due is not None
    return scene.directory.has_response_policy and not is_known


def _with_news(scene: Scene) -> Step:
    """What was kept is told now: what it waited for is known, or something follows it."""
    news = scene.ticket.news
    if news is None:
        return scene, ()
    scene = scene.changed(news=None)
    then = _at(scene, news, life.TicketAssigned(team=scene.ticket.team))
    return scene, _unless_quiet(then, Rule.ASSIGNED)


class _Origin(TypedDict):
    id: str
    source: str
    time: datetime
    correlation_id: str
    traceparent: str


def _origin(cause: AnyEvent) -> _Origin:
    return {
        "id": cause.id,
        "source": cause.source,
        "time": cause.time,
        "correlation_id": cause.correlation_id,
        "traceparent": cause.traceparent,
    }


def _at(scene: Scene, kept: Kept, data: Payload) -> Scene:
    """The ticket as it is, when what was kept happened."""
    cause = Event(
        id=kept.id,
        source=kept.source,
        subject=scene.cause.subject,
        time=kept.time,
        data=data,
        correlation_id=kept.correlation_id,
        traceparent=kept.traceparent,
    )
    return replace(scene, cause=cause)


def _due(scene: Scene, clock: ClockName, due: datetime | None) -> Scene:
    if clock is ClockName.RESPONSE:
        return scene.changed(response_due=due)
    return scene.changed(resolution_due=due) if clock is ClockName.RESOLUTION else scene


def _is_theirs(ticket: Ticket) -> bool:
    """People hear of the way of what they asked for; what the desk opened itself waits quietly."""
    return ticket.kind is not life.Kind.PROACTIVE


def _unless_quiet(scene: Scene, rule: Rule) -> Messages:
    is_loud = _is_theirs(scene.ticket) and not scene.ticket.problem
    return scene.to_requester(rule) if is_loud else ()


def _with_problem(ticket: Ticket) -> tuple[str, ...]:
    over: Mapping[str, None] = dict.fromkeys((*ticket.problems_over, ticket.problem))
    return tuple(one for one in over if one)[-_MOST:]
