"""What a team is told of its services, skills and goals when metrics reports; each report once."""

from datetime import timedelta

from desk_contracts import Event
from desk_contracts.events.reports import (
    GoalMilestone,
    GoalStatusReported,
    GoalVerdict,
    Proposal,
    ServiceRanked,
    SkillGapReported,
)
from desk_contracts.message import message
from desk_kernel import Readings, Reducers

from desk_notify.rendering.notice import About, Fields, FieldValue, Messages, render_notice, team
from desk_notify.rendering.templates import Rule
from desk_notify.rules.model import TeamTopic, TopicKind
from desk_notify.subscriptions.model import Directory, TeamProfile

Reaction = tuple[TeamTopic, Messages]

# Of these a team hears every week; of the others only when they are new.
_MOVING = frozenset({GoalVerdict.ON_THE_WAY, GoalVerdict.WITHIN_REACH, GoalVerdict.BEHIND})
_ASKS_TO_ACT = frozenset({GoalVerdict.WITHIN_REACH, GoalVerdict.BEHIND, GoalVerdict.MISSED})
_UNTIL_NEXT = timedelta(weeks=1)


# Whether a report asks anything of anybody, or says what came of something that was done.
is_worth_reporting: Readings[bool] = Readings(False)
# What the team is told, if the event is a report.
react: Reducers[Directory, [], Reaction | None] = Reducers(lambda _directory, _cause: None)


@is_worth_reporting.on(ServiceRanked)
def _asks_of_service(event: Event[ServiceRanked]) -> bool:
    return event.data.proposal is not Proposal.LEAVE or event.data.outcome is not None


@is_worth_reporting.on(GoalStatusReported)
def _has_moved(event: Event[GoalStatusReported]) -> bool:
    data = event.data
    is_new = data.verdict is not data.verdict_before or data.milestone is not None
    return is_new or data.verdict in _MOVING


@is_worth_reporting.on(SkillGapReported)
def _asks_for_skill(_event: Event[SkillGapReported]) -> bool:
    return True


@react.on(ServiceRanked)
def _system(directory: Directory, cause: Event[ServiceRanked]) -> Reaction:
    ranked = cause.data
    profile = directory.team(ranked.team)
    rule = Rule.TEAM_SYSTEM if ranked.outcome is None else Rule.TEAM_SYSTEM_OUTCOME
    recipients = [(rule, profile)]
    if ranked.escalated and ranked.escalated_to:
        recipients.append((Rule.TEAM_SYSTEM_ESCALATED, directory.team(ranked.escalated_to)))
    messages = tuple(
        render_notice(cause, rule, team(recipient), _fields(ranked, directory), About())
        for rule, recipient in recipients
    )
    return _topic(profile, directory.service(ranked.service)), messages


def _fields(ranked: ServiceRanked, directory: Directory) -> dict[str, FieldValue]:
    profile, since = directory.team(ranked.team), ranked.unanswered_since
    escalated_to = directory.team(ranked.escalated_to).title if ranked.escalated_to else ""
    return {
        "service": directory.service(ranked.service),
        "name": ranked.service,
        "team": profile.title,
        "period": ranked.period,
        "proposal": ranked.proposal,
        "rank": str(ranked.rank),
        "of": str(ranked.of),
        "hours": round(ranked.score / 60, 1),
        "contacts": str(ranked.contacts),
        "before": str(ranked.contacts_before)
        if ranked.is_before_known
        else message("report.before-unknown"),
        "deflected": str(ranked.deflected) if ranked.deflected else "",
        # Where nobody said, nothing is known.
        "lost_minutes": None
        if ranked.reported_lost_minutes is None
        else f"{ranked.reported_lost_minutes:.0f}",
        "lost_answers": str(ranked.reported_lost_answers),
        "explanation": ranked.reasons,
        "in_a_row": str(ranked.in_a_row) if ranked.in_a_row > 1 else "",
        "outcome": ranked.outcome,
        "target_date": ranked.target_date,
        "unanswered": str(ranked.unanswered) if ranked.unanswered else "",
        "since": None if since is None else since.astimezone(profile.zone).date(),
        "escalated_to": escalated_to if ranked.escalated else "",
        # Where nobody else can be told, the word itself is all that can be said.
        "escalated": "yes" if ranked.escalated and not escalated_to else "",
    }


@react.on(SkillGapReported)
def _skill_gap(directory: Directory, cause: Event[SkillGapReported]) -> Reaction:
    gap = cause.data
    profile = directory.team(gap.team)
    fields: Fields = {
        "skill": gap.skill,
        "period": gap.period,
        "holders": str(gap.bus_factor),
        "members": str(gap.members),
        "requested": str(gap.requested),
        "handed_on": str(gap.handed_on),
        "explanation": gap.reasons,
    }
    message = render_notice(cause, Rule.TEAM_SKILL_GAP, team(profile), fields, About())
    return _topic(profile, gap.skill), (message,)


@react.on(GoalStatusReported)
def _goal(directory: Directory, cause: Event[GoalStatusReported]) -> Reaction:
    goal = cause.data
    profile = directory.team(goal.team)
    recipient = team(profile)
    again = goal.as_of.astimezone(profile.zone).date() + _UNTIL_NEXT
    fields: Fields = {
        "title": goal.title,
        "verdict": goal.verdict,
        "due": goal.due,
        "sentence": goal.explanation,
        "again": None if goal.verdict in _ASKS_TO_ACT else again,
        **_milestone(goal.milestone),
    }
    message = render_notice(cause, Rule.TEAM_GOAL, recipient, fields, About())
    return _topic(profile, goal.title), (message,)


def _milestone(milestone: GoalMilestone | None) -> dict[str, FieldValue]:
    """Of one whose day has no figure nothing is said."""
    if milestone is None or milestone.is_met is None:
        return {}
    which = "met" if milestone.is_met else "open"
    return {
        f"{which}_share": milestone.share * 100,
        f"{which}_day": milestone.day,
    }


def _topic(profile: TeamProfile, title: str) -> TeamTopic:
    return TeamTopic(kind=TopicKind.REPORT, team=profile.name, title=title)
