"""What a ticket's life and SLAs make notify say: pure, one function per type of event."""

from datetime import datetime

from desk_contracts import AnyEvent, Event
from desk_contracts.events import tickets as life
from desk_contracts.events.feedback import FollowUpOpened, FollowUpReminded, SurveyInvited
from desk_contracts.events.problems import ProblemResolved, ProblemUpdated
from desk_contracts.events.sla import (
    ClockName,
    SlaAtRisk,
    SlaBreached,
    SlaCancelled,
    SlaResumed,
    SlaStarted,
)
from desk_contracts.value_types import Priority
from desk_kernel import Reducers

from desk_notify.rendering.notice import Messages, language_of, truncate
from desk_notify.rendering.templates import Rule
from desk_notify.rules.context import RenderContext, Step
from desk_notify.rules.follow_ups import ask_team, remind
from desk_notify.rules.kept import origin_of, put_back
from desk_notify.rules.model import DeferredNotice, EarlyFact, SlaReported, Ticket
from desk_notify.subscriptions.model import Directory

# What a message quotes of a ticket, and how many facts and early events one ticket keeps.
_EXCERPT = 500
_MOST = 8
# What a team was told of SLAs, or will be, and may have to be taken back: of every cycle.
_MOST_SAID = 400


_steps: Reducers[RenderContext, [], Step] = Reducers(lambda context, _event: (context, ()))
_steps.on(FollowUpOpened)(ask_team)
_steps.on(FollowUpReminded)(remind)


def concerns(event: AnyEvent) -> bool:
    """Whether a ticket's messages depend on this event of its own."""
    return type(event.data) in _steps.types


def react(
    ticket: Ticket | None, event: AnyEvent, directory: Directory
) -> tuple[Ticket, Messages] | None:
    """The ticket after the event and what is said because of it; None if nothing changes."""
    before = ticket or Ticket()
    context, messages = _steps(RenderContext(before, event, directory), event)
    if context.ticket is before and not messages:
        return None
    return context.ticket, messages


@_steps.on(life.TicketOpened)
def _receive(context: RenderContext, event: Event[life.TicketOpened]) -> Step:
    opened = event.data
    early = context.ticket.early
    context = context.update(
        code=opened.code,
        kind=opened.kind,
        title=opened.title,
        text=truncate(opened.description, _EXCERPT),
        requester=opened.requester,
        opened_at=event.time,
        language=language_of(opened.language),
        service=opened.service,
        early=(),
    )
    messages = context.to_requester(Rule.RECEIVED) if _is_theirs(context.ticket) else ()
    for notice in early:
        warned, more = _warn_team(put_back(context, notice, notice.fact), notice.fact)
        context = context.update(slas_reported=warned.ticket.slas_reported)
        messages += more
    return context, messages


@_steps.on(life.TicketTriaged)
def _note_triage(context: RenderContext, event: Event[life.TicketTriaged]) -> Step:
    triaged = event.data
    service = triaged.service or context.ticket.service
    return context.update(priority=triaged.priority, service=service), ()


@_steps.on(life.TicketUpdated)
def _note_update(context: RenderContext, event: Event[life.TicketUpdated]) -> Step:
    updated = event.data
    given = {"title": updated.title, "priority": updated.priority, "service": updated.service}
    changes: dict[str, object] = {k: v for k, v in given.items() if v is not None}
    return (context.update(**changes) if changes else context), ()


@_steps.on(life.TicketAssigned)
def _announce_assignment(context: RenderContext, event: Event[life.TicketAssigned]) -> Step:
    """A new member of the same team is that team's own business."""
    assigned = event.data
    is_new = assigned.team != context.ticket.team
    is_first = not context.ticket.team
    context = context.update(team=assigned.team)
    if not is_new:
        return context, ()
    explanation = assigned.explanation
    if context.ticket.problem:
        return context, context.to_team(Rule.TEAM_ASSIGNED_IN_PROBLEM, explanation=explanation)
    messages = context.to_team(
        Rule.TEAM_ASSIGNED,
        urgent=context.ticket.priority is Priority.P1,
        member=assigned.member,
        text=context.ticket.text,
        explanation=explanation,
        evidence=context.ticket.evidence,
    )
    if is_first:
        since = {"opened_at": context.ticket.opened_at}
        messages = tuple(
            message._replace(data=message.data.model_copy(update=since)) for message in messages
        )
    if context.directory.has_response_policy and not context.ticket.has_sla:
        # A moment later it is known by when they answer, and that is half of the news.
        return context.update(deferred=DeferredNotice(**origin_of(context.cause))), messages
    return context, messages + _unless_quiet(context, Rule.ASSIGNED)


@_steps.on(life.TicketStarted)
def _announce_start(context: RenderContext, _event: Event[life.TicketStarted]) -> Step:
    context, deferred = _send_deferred(context)
    return context, deferred + _unless_quiet(context, Rule.STARTED)


@_steps.on(life.TicketPaused)
def _ask_requester(context: RenderContext, event: Event[life.TicketPaused]) -> Step:
    paused = event.data
    if paused.waiting_for is not life.WaitingFor.EMPLOYEE:
        return context, ()
    moments, question = {"until": paused.until}, context.ticket.question
    return context, context.to_requester(Rule.WAITING, moments, question=question)


@_steps.on(life.TicketCommented)
def _pass_comment_on(context: RenderContext, event: Event[life.TicketCommented]) -> Step:
    """People's own words go across; internal and automatic comments stay where they are."""
    comment = event.data
    if comment.automatic or not comment.public or not comment.text:
        return context, ()
    text = truncate(comment.text)
    if comment.role is life.Role.EMPLOYEE:
        has_team = bool(context.ticket.team)
        return context, context.to_team(
            Rule.TEAM_REPLIED, by=comment.by, text=text
        ) if has_team else ()
    if comment.role is not life.Role.MEMBER:
        return context, ()
    context = context.update(question=truncate(comment.text, _EXCERPT))
    watching = context.to_watchers(Rule.WATCHED_UPDATED, comment.by, text=text)
    if comment.by == context.ticket.requester:
        return context, watching
    return context, context.to_requester(Rule.ANSWERED, text=text) + watching


@_steps.on(life.TicketWatcherAdded)
def _welcome_watcher(context: RenderContext, event: Event[life.TicketWatcherAdded]) -> Step:
    """Only the new one hears of it, unless they did it themselves."""
    person, by = event.data.person, event.data.by
    before = context.ticket.watchers
    messages = context.update(watchers=(person,)).to_watchers(Rule.WATCHING, by)
    return context.update(watchers=tuple(dict.fromkeys((*before, person)))), messages


@_steps.on(life.TicketWatcherRemoved)
def _forget_watcher(context: RenderContext, event: Event[life.TicketWatcherRemoved]) -> Step:
    left = tuple(name for name in context.ticket.watchers if name != event.data.person)
    return context.update(watchers=left), ()


@_steps.on(life.TicketLinked)
def _note_link(context: RenderContext, event: Event[life.TicketLinked]) -> Step:
    """In a problem the ticket is quiet: its person is told with all others, also of the end.

    Not if a member linked it: no event about the problem names it then.
    """
    linked = event.data
    ticket = context.ticket
    is_problem = linked.kind is life.LinkKind.PROBLEM and not linked.by
    if is_problem and linked.target not in ticket.problems_over:
        context = context.update(problem=linked.target)
    if linked.kind is not life.LinkKind.TICKET and linked.message:
        context = context.update(evidence=(*ticket.evidence, linked.message)[-_MOST:])
    return context, ()


@_steps.on(life.TicketMerged)
def _announce_merge(context: RenderContext, _event: Event[life.TicketMerged]) -> Step:
    context, deferred = _send_deferred(context)
    return context.update(is_done=True), deferred + _unless_quiet(context, Rule.MERGED)


@_steps.on(life.TicketResolved)
def _announce_resolution(context: RenderContext, event: Event[life.TicketResolved]) -> Step:
    """Who solved it alone, or took it back, knows; who was told by the problem knows too.

    A request that was denied is over, but nothing is solved.
    """
    resolved = event.data
    context, deferred = _send_deferred(context)
    context = context.update(is_done=True)
    text = resolved.resolution
    is_unsolved = resolved.how in (life.How.WITHDRAWN, life.How.DENIED)
    watched = Rule.WATCHED_UPDATED if is_unsolved else Rule.WATCHED_RESOLVED
    deferred += context.to_watchers(watched, resolved.by, text=text)
    is_known = resolved.how in (life.How.PROBLEM, life.How.WITHDRAWN)
    if is_known or resolved.by == context.ticket.requester:
        return context, deferred
    rule = Rule.DENIED if resolved.how is life.How.DENIED else Rule.RESOLVED
    return context, deferred + context.to_requester(rule, text=text)


@_steps.on(life.TicketPersonRequested)
def _ask_for_person(context: RenderContext, event: Event[life.TicketPersonRequested]) -> Step:
    """Told at once, also to the team that has it while nobody does."""
    text = truncate(event.data.text) if event.data.text else None
    return context, context.to_team(Rule.TEAM_PERSON, urgent=True, text=text)


@_steps.on(SurveyInvited)
def _ask(context: RenderContext, event: Event[SurveyInvited]) -> Step:
    """Where there is no portal, there is nothing that a link could lead to."""
    link = context.directory.link_of_survey(event.data.token)
    if not link:
        return context, ()
    context.check_heard_of()
    return context, context.to_requester(Rule.SURVEY, {"until": event.data.until}, link=link)


@_steps.on(life.TicketReopened)
def _announce_reopening(context: RenderContext, event: Event[life.TicketReopened]) -> Step:
    """A ticket that is reopened is a case of its own, whatever problem it belonged to."""
    reopened = event.data
    problems = dict.fromkeys((*context.ticket.problems_over, context.ticket.problem))
    over = tuple(problem for problem in problems if problem)[-_MOST:]
    context = context.update(is_done=False, problem="", problems_over=over)
    text = truncate(reopened.reason)
    messages = context.to_team(Rule.TEAM_REOPENED, text=text) if context.ticket.team else ()
    if reopened.by != context.ticket.requester:
        messages += context.to_requester(Rule.REOPENED, text=text)
    return context, messages + context.to_watchers(Rule.WATCHED_UPDATED, reopened.by, text=text)


@_steps.on(life.TicketClosed)
def _close(context: RenderContext, _event: Event[life.TicketClosed]) -> Step:
    context, deferred = _send_deferred(context)
    return context.update(is_done=True), deferred


@_steps.on(life.TicketEscalated)
def _tell_owner(context: RenderContext, event: Event[life.TicketEscalated]) -> Step:
    """The team that has it hears of its SLA anyway; whoever answers for the service does not."""
    owner, explanation = event.data.owner, event.data.explanation
    if not owner or owner == context.ticket.team or context.ticket.is_done:
        return context, ()
    profile = context.directory.team(owner)
    return context, context.to_owner(profile, Rule.TEAM_ESCALATED, explanation=explanation)


@_steps.on(ProblemResolved, ProblemUpdated)
def _problem_over(context: RenderContext, _event: Event[ProblemResolved | ProblemUpdated]) -> Step:
    """It is over, or not the ticket's. Also noted for one that is linked to it only afterwards."""
    ticket, problem = context.ticket, context.cause.subject
    over = (*ticket.problems_over, problem)[-_MOST:]
    return context.update(
        problem="" if ticket.problem == problem else ticket.problem, problems_over=over
    ), ()


@_steps.on(SlaStarted)
def _sla_started(context: RenderContext, event: Event[SlaStarted]) -> Step:
    started = event.data
    context = _due(context, started.clock, started.due)
    if started.clock is not ClockName.RESPONSE:
        return context, ()
    return _send_deferred(context.update(has_sla=True))


@_steps.on(SlaResumed)
def _sla_resumed(context: RenderContext, event: Event[SlaResumed]) -> Step:
    resumed = event.data
    return _due(context, resumed.clock, resumed.due), ()


@_steps.on(SlaAtRisk, SlaBreached)
def _report_sla(context: RenderContext, event: Event[SlaAtRisk | SlaBreached]) -> Step:
    fact = event.data
    if context.ticket.code:
        return _warn_team(context, fact)
    early = EarlyFact(**origin_of(context.cause), fact=fact)
    return context.update(early=(*context.ticket.early, early)[-_MOST_SAID:]), ()


def _warn_team(context: RenderContext, fact: SlaAtRisk | SlaBreached) -> Step:
    """What was late already when its clock began pages nobody; what is done needs no hurry."""
    if context.ticket.is_done or (isinstance(fact, SlaBreached) and fact.inherited):
        return context, ()
    theirs = context if context.ticket.team else context.update(team=fact.team)
    context = _note_report(context, fact, theirs.team.name)
    moments = {"due": fact.due}
    if isinstance(fact, SlaBreached):
        return context, theirs.to_team(Rule.TEAM_BREACHED, moments, urgent=True, clock=fact.clock)
    percent = str(fact.percent)
    return context, theirs.to_team(Rule.TEAM_AT_RISK, moments, clock=fact.clock, percent=percent)


def _note_report(context: RenderContext, fact: SlaAtRisk | SlaBreached, team: str) -> RenderContext:
    report = SlaReported(
        sla=_sla_of(fact),
        what="breached" if isinstance(fact, SlaBreached) else "at_risk",
        team=team,
        due=fact.due,
    )
    same = (report.sla, report.what, report.team)
    others = [
        other
        for other in context.ticket.slas_reported
        if (other.sla, other.what, other.team) != same
    ]
    return context.update(slas_reported=(*others, report)[-_MOST_SAID:])


@_steps.on(SlaCancelled)
def _take_back(context: RenderContext, event: Event[SlaCancelled]) -> Step:
    """What a team was told and late facts show not to be so is corrected once, to that team."""
    fact = event.data
    ticket, sla = context.ticket, _sla_of(fact)
    if not fact.untrue:
        return context, ()
    early = tuple(item for item in ticket.early if _sla_of(item.fact) != sla)
    wrong = [item for item in ticket.slas_reported if item.sla == sla]
    if not wrong and early == ticket.early:
        return context, ()
    left = tuple(item for item in ticket.slas_reported if item not in wrong)
    after = context.update(slas_reported=left, early=early)
    messages: Messages = ()
    for report in wrong:
        if report.what == fact.untrue:
            then = context.update(team=report.team)
            is_breach = report.what == "breached"
            messages += then.to_team(
                Rule.TEAM_CORRECTED,
                {"due": report.due},
                broken=fact.clock if is_breach else "",
                at_risk="" if is_breach else fact.clock,
            )
    return after, messages


def _sla_of(fact: SlaAtRisk | SlaBreached | SlaCancelled) -> str:
    return f"{fact.clock}/{fact.policy}/{fact.policy_version}/{fact.cycle}/{fact.team}"


def _send_deferred(context: RenderContext) -> Step:
    """What was kept is told now: what it waited for is known, or something follows it."""
    deferred = context.ticket.deferred
    if deferred is None:
        return context, ()
    context = context.update(deferred=None)
    then = put_back(context, deferred, life.TicketAssigned(team=context.ticket.team))
    return context, _unless_quiet(then, Rule.ASSIGNED)


def _due(context: RenderContext, clock: ClockName, due: datetime | None) -> RenderContext:
    if clock is ClockName.RESPONSE:
        return context.update(response_due=due)
    return context.update(resolution_due=due) if clock is ClockName.RESOLUTION else context


def _is_theirs(ticket: Ticket) -> bool:
    """People hear of the way of what they asked for; what the desk opened itself waits quietly."""
    return ticket.kind is not life.Kind.PROACTIVE


def _unless_quiet(context: RenderContext, rule: Rule) -> Messages:
    is_loud = _is_theirs(context.ticket) and not context.ticket.problem
    return context.to_requester(rule) if is_loud else ()
