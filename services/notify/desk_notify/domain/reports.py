"""What a team is told of its services, skills and goals when metrics reports; each report once."""

from datetime import timedelta

from desk_shared.events import Event
from desk_shared.events.reports import (
    GoalMilestone,
    GoalStatusReported,
    GoalVerdict,
    Proposal,
    ServiceRanked,
    SkillGapReported,
)
from desk_shared.kernel import Readings, Reducers

from desk_notify.domain.directory import Directory, TeamCard
from desk_notify.domain.messages import About, Messages, Said, team, tell
from desk_notify.domain.model import Matter, MatterKind
from desk_notify.domain.texts import Rule

Told = tuple[Matter, Messages]

# Of these a team hears every week; of the others only when they are new.
_MOVING = frozenset({GoalVerdict.ON_THE_WAY, GoalVerdict.WITHIN_REACH, GoalVerdict.BEHIND})
_ASKS_TO_ACT = frozenset({GoalVerdict.WITHIN_REACH, GoalVerdict.BEHIND, GoalVerdict.MISSED})
_UNTIL_NEXT = timedelta(weeks=1)


# Whether a report asks anything of anybody, or says what came of something that was done.
is_told: Readings[bool] = Readings(False)
# What the team is told, if the event is a report.
react: Reducers[Directory, [], Told | None] = Reducers(lambda _directory, _cause: None)


@is_told.on(ServiceRanked)
def _asks_of_service(event: Event[ServiceRanked]) -> bool:
    return event.data.proposal is not Proposal.LEAVE or event.data.outcome is not None


@is_told.on(GoalStatusReported)
def _has_moved(event: Event[GoalStatusReported]) -> bool:
    data = event.data
    is_news = data.verdict is not data.verdict_before or data.milestone is not None
    return is_news or data.verdict in _MOVING


@is_told.on(SkillGapReported)
def _asks_for_skill(_event: Event[SkillGapReported]) -> bool:
    return True


@react.on(ServiceRanked)
def _system(directory: Directory, cause: Event[ServiceRanked]) -> Told:
    ranked = cause.data
    card = directory.team(ranked.team)
    rule = Rule.TEAM_SYSTEM if ranked.outcome is None else Rule.TEAM_SYSTEM_OUTCOME
    readers = [(rule, card)]
    if ranked.escalated and ranked.escalated_to:
        readers.append((Rule.TEAM_SYSTEM_ESCALATED, directory.team(ranked.escalated_to)))
    messages = tuple(
        tell(cause, rule, team(one), _fields(ranked, directory), About()) for rule, one in readers
    )
    return _matter(card, directory.service(ranked.service)), messages


def _fields(ranked: ServiceRanked, directory: Directory) -> dict[str, Said]:
    card, since = directory.team(ranked.team), ranked.unanswered_since
    return {
        "service": directory.service(ranked.service),
        "name": ranked.service,
        "team": card.title,
        "period": ranked.period,
        "proposal": ranked.proposal,
        "rank": str(ranked.rank),
        "of": str(ranked.of),
        "hours": round(ranked.score / 60, 1),
        "contacts": str(ranked.contacts),
        "before": str(ranked.contacts_before),
        "explanation": ranked.reasons,
        "in_a_row": str(ranked.in_a_row) if ranked.in_a_row > 1 else "",
        "outcome": ranked.outcome,
        "target_date": ranked.target_date,
        "unanswered": str(ranked.unanswered) if ranked.unanswered else "",
        "since": None if since is None else since.astimezone(card.zone).date(),
        **_escalation(ranked, directory),
    }


def _escalation(ranked: ServiceRanked, directory: Directory) -> dict[str, Said]:
    """Where nobody else can be told, the word itself is all that can be said."""
    if not ranked.escalated:
        return {}
    if ranked.escalated_to:
        return {"escalated_to": directory.team(ranked.escalated_to).title}
    return {"escalated": "yes"}


@react.on(SkillGapReported)
def _skill_gap(directory: Directory, cause: Event[SkillGapReported]) -> Told:
    gap = cause.data
    card = directory.team(gap.team)
    fields: dict[str, Said] = {
        "skill": gap.skill,
        "period": gap.period,
        "holders": str(gap.bus_factor),
        "members": str(gap.members),
        "asked": str(gap.asked),
        "handed_on": str(gap.handed_on),
        "explanation": gap.reasons,
    }
    message = tell(cause, Rule.TEAM_SKILL_GAP, team(card), fields, About())
    return _matter(card, gap.skill), (message,)


@react.on(GoalStatusReported)
def _goal(directory: Directory, cause: Event[GoalStatusReported]) -> Told:
    goal = cause.data
    card = directory.team(goal.team)
    reader = team(card)
    again = goal.as_of.astimezone(card.zone).date() + _UNTIL_NEXT
    fields: dict[str, Said] = {
        "title": goal.title,
        "verdict": goal.verdict,
        "due": goal.due,
        "sentence": goal.explanation,
        "again": None if goal.verdict in _ASKS_TO_ACT else again,
        **_milestone(goal.milestone),
    }
    message = tell(cause, Rule.TEAM_GOAL, reader, fields, About())
    return _matter(card, goal.title), (message,)


def _milestone(found: GoalMilestone | None) -> dict[str, Said]:
    """Of one whose day has no figure nothing is said."""
    if found is None or found.is_met is None:
        return {}
    which = "met" if found.is_met else "open"
    return {
        f"{which}_share": found.share * 100,
        f"{which}_day": found.day,
    }


def _matter(card: TeamCard, title: str) -> Matter:
    return Matter(kind=MatterKind.REPORT, team=card.name, title=title)
