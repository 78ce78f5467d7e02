"""What teams and members hear of somebody who was unhappy: that they are to find out why, and once
more each when that is past its day.
"""

from desk_contracts import Event
from desk_contracts.events.feedback import FollowUpOpened, FollowUpReminded, Reminded

from desk_notify.rendering.notice import truncate
from desk_notify.rendering.templates import Rule
from desk_notify.rules.context import RenderContext, Step


def ask_team(context: RenderContext, event: Event[FollowUpOpened]) -> Step:
    """The team is to find out why."""
    data = event.data
    context.check_heard_of()
    return context, context.to_team(
        Rule.TEAM_FOLLOW_UP,
        {"due": data.due},
        score=str(data.score),
        text=truncate(data.comment) if data.comment else None,
        member=data.member or None,
    )


def remind(context: RenderContext, event: Event[FollowUpReminded]) -> Step:
    """Its member, or the team that had the ticket, else that of the service."""
    data, directory = event.data, context.directory
    context.check_heard_of()
    moments, score = {"due": data.due}, str(data.score)
    if data.to is Reminded.OWNER:
        rule = Rule.FOLLOW_UP_OVERDUE
        return context, context.to_member(data.member, rule, moments, score=score)
    profile = directory.team(data.team) if data.team else directory.owner_of(data.service)
    return context, context.to_other_team(
        profile, Rule.TEAM_FOLLOW_UP_OVERDUE, moments, score=score, member=data.member or None
    )
