"""What a team is told of its services and skills when metrics reports; each report once."""

from desk_shared.events import AnyEvent, Payload
from desk_shared.events.reports import Proposal, SkillGapFound, SystemRanked

from desk_notify.domain.directory import Directory, TeamCard
from desk_notify.domain.messages import About, Messages, in_words, team, tell
from desk_notify.domain.model import Matter, MatterKind
from desk_notify.domain.texts import Rule

Told = tuple[Matter, Messages]


def is_told(data: Payload) -> bool:
    """A rank without a proposal asks nothing of anybody."""
    if isinstance(data, SystemRanked):
        return data.proposal is not Proposal.LEAVE
    return isinstance(data, SkillGapFound)


def react(event: AnyEvent, directory: Directory) -> Told | None:
    """What the team is told, if the event is a report."""
    if isinstance(event.data, SystemRanked):
        return _system(event, event.data, directory)
    if isinstance(event.data, SkillGapFound):
        return _skill_gap(event, event.data, directory)
    return None


def _system(cause: AnyEvent, ranked: SystemRanked, directory: Directory) -> Told:
    card = directory.team(ranked.team)
    reader = team(card)
    title = directory.service(ranked.service)
    fields = {
        "service": title,
        "period": ranked.period,
        "proposal": reader.texts.proposals[ranked.proposal],
        "rank": str(ranked.rank),
        "of": str(ranked.of),
        "hours": reader.texts.write_number(round(ranked.score / 60, 1)),
        "contacts": str(ranked.contacts),
        "before": str(ranked.contacts_before),
        "explanation": in_words(ranked.reasons),
        "in_a_row": str(ranked.in_a_row) if ranked.in_a_row > 1 else "",
    }
    message = tell(cause, Rule.TEAM_SYSTEM, reader, fields, About())
    return _matter(card, title), (message,)


def _skill_gap(cause: AnyEvent, gap: SkillGapFound, directory: Directory) -> Told:
    card = directory.team(gap.team)
    fields = {
        "skill": gap.skill,
        "period": gap.period,
        "holders": str(gap.bus_factor),
        "members": str(gap.members),
        "asked": str(gap.asked),
        "handed_on": str(gap.handed_on),
        "explanation": in_words(gap.reasons),
    }
    message = tell(cause, Rule.TEAM_SKILL_GAP, team(card), fields, About())
    return _matter(card, gap.skill), (message,)


def _matter(card: TeamCard, title: str) -> Matter:
    return Matter(kind=MatterKind.REPORT, team=card.name, title=title)
