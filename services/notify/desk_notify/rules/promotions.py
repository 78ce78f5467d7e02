"""What the team of a runbook is told of its mode: proposed, no longer proposed, or taken back."""

from desk_contracts import Event
from desk_contracts.events.promotions import PromotionProposed, PromotionWithdrawn, RunbookDemoted
from desk_kernel import Reducers

from desk_notify.rendering.notice import About, Fields, Messages, render_notice, team
from desk_notify.rendering.templates import Rule
from desk_notify.rules.model import TeamTopic, TopicKind
from desk_notify.subscriptions.model import Directory

Reaction = tuple[TeamTopic, Messages]
react: Reducers[Directory, [], Reaction | None] = Reducers(lambda _directory, _cause: None)


@react.on(PromotionProposed)
def _propose(directory: Directory, cause: Event[PromotionProposed]) -> Reaction:
    """Nothing changes until somebody of the team says so."""
    return _tell(directory, cause, Rule.TEAM_PROMOTION, cause.data.proposed)


@react.on(PromotionWithdrawn)
def _withdraw(directory: Directory, cause: Event[PromotionWithdrawn]) -> Reaction:
    return _tell(directory, cause, Rule.TEAM_PROMOTION_WITHDRAWN, cause.data.proposed)


@react.on(RunbookDemoted)
def _demote(directory: Directory, cause: Event[RunbookDemoted]) -> Reaction:
    return _tell(directory, cause, Rule.TEAM_DEMOTION, cause.data.previous)


def _tell(
    directory: Directory,
    cause: Event[PromotionProposed] | Event[PromotionWithdrawn] | Event[RunbookDemoted],
    rule: Rule,
    other: str,
) -> Reaction:
    data, profile = cause.data, directory.team(cause.data.team)
    fields: Fields = {
        "title": data.title,
        "runbook": data.runbook,
        "mode": data.mode,
        "other": other,
        "explanation": data.explanation,
    }
    message = render_notice(cause, rule, team(profile), fields, About())
    return TeamTopic(kind=TopicKind.PROMOTION, team=profile.name, title=data.title), (message,)
