"""Which team takes a ticket, and why: rules, owner, skills, what was learned, shifts.

A pure function of the ticket, the charter and the snapshot: asked twice it answers the same.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from desk_charter.model import Charter
from desk_charter.people import Member, Team
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.message import Message, message
from desk_contracts.value_types import Priority

from desk_triage.changes.snapshot import EMPTY, ContextSnapshot
from desk_triage.changes.work import explain_work
from desk_triage.routing.classification import Classification, classify
from desk_triage.routing.model import Predict, Routing, predict_nothing
from desk_triage.routing.priority import PriorityChoice, choose_priority
from desk_triage.routing.shifts import describe_shift


@dataclass(frozen=True, slots=True)
class TeamChoice:
    """A team and why."""

    team: Team
    reasons: tuple[Message, ...]


class Given(NamedTuple):
    """What a decision rests on beside what the ticket is about."""

    ticket: str
    at: datetime
    charter: Charter
    snapshot: ContextSnapshot


def route(
    ticket: str,
    opened: TicketOpened,
    at: datetime,
    charter: Charter,
    snapshot: ContextSnapshot,
    predict: Predict = predict_nothing,
) -> Routing:
    """The decision for a ticket; without priority if only a person can tell."""
    about, given = classify(opened, charter), Given(ticket, at, charter, snapshot)
    if (choice := _choose_team(about, given)) is None:
        prediction = predict(opened, charter)
        about = about.credit(prediction)
        if prediction.team is None:
            return _defer(about, charter, at)
        choice = TeamChoice(prediction.team, ())
    name = about.service_name
    people = snapshot.people.get((name, about.category), 0)
    chosen = choose_priority(charter, opened, about.then, about.service, people)
    skills = about.then.skills
    choice = _cover_shift(choice, chosen, skills, given)
    member = _suggest_member(ticket, choice.team, skills, snapshot)
    reasons = [*about.reasons, *choice.reasons, *chosen.reasons]
    reasons += explain_work(charter, snapshot, about.service, at)
    if member is not None:
        reasons.append(message("routing.member-has-skills", member=member.name, skills=skills))
    return Routing(
        team=choice.team.name,
        category=about.category,
        priority=chosen.priority,
        service=name,
        member=member.id if member else "",
        skills=skills,
        rule=about.decided_by,
        explanation=tuple(reasons),
        charter=charter.version,
        decided_at=at,
        proposals=about.proposals,
    )


def is_unrouted(opened: TicketOpened, at: datetime, charter: Charter) -> bool:
    """Whether rules, services and skills find no team, so that what was learned is asked."""
    return _choose_team(classify(opened, charter), Given("", at, charter, EMPTY)) is None


def _choose_team(about: Classification, given: Given) -> TeamChoice | None:
    then, service = about.then, about.service
    if then.team:
        return TeamChoice(given.charter.team(then.team), ())  # the rule's own sentence says why
    if service is not None:
        team = given.charter.team(service.owner)
        why = message("routing.owner-of-service", team=team.title, service=service.title)
        return TeamChoice(team, (why,))
    if not then.skills:
        return None
    able = _find_able_teams(then.skills, given)
    best = _draw_team([team for team in able if team.is_on_shift(given.at)] or able, given)
    if best is None:
        return None
    why = message("routing.team-has-skills", team=best.title, skills=then.skills)
    return TeamChoice(best, (why, _explain_load(best, given.snapshot)))


def _find_able_teams(skills: tuple[str, ...], given: Given) -> list[Team]:
    return [team for team in given.charter.teams if team.all_skills.issuperset(skills)]


def _draw_team(teams: Sequence[Team], given: Given) -> Team | None:
    """One that is below its limit of work, if any is; who has most room is drawn most often."""
    loads = {team.name: _count_load(team, given.snapshot) for team in teams}
    free = [team for team in teams if loads[team.name] < team.wip_limit]
    return min(
        free or teams,
        key=lambda team: _draw(given.ticket, team.name, (1 + loads[team.name]) / team.wip_limit),
        default=None,
    )


def _count_load(team: Team, snapshot: ContextSnapshot) -> int:
    return sum(snapshot.load.get(member.id, 0) for member in team.members)


def _explain_load(team: Team, snapshot: ContextSnapshot) -> Message:
    count = _count_load(team, snapshot)
    return message("routing.team-load", team=team.title, count=count, limit=team.wip_limit)


def _cover_shift(
    choice: TeamChoice, chosen: PriorityChoice, skills: tuple[str, ...], given: Given
) -> TeamChoice:
    """The worst trouble does not wait for a shift if another team can do it now."""
    team = choice.team
    shift = describe_shift(team, given.at)
    if chosen.priority is not Priority.P1 or not skills or team.is_on_shift(given.at):
        return TeamChoice(team, (*choice.reasons, shift))
    working = [item for item in _find_able_teams(skills, given) if item.is_on_shift(given.at)]
    other = _draw_team(working, given)
    if other is None:
        return TeamChoice(team, (*choice.reasons, shift))
    cover = message("routing.shift-cover", team=other.title, skills=skills)
    load = _explain_load(other, given.snapshot)
    return TeamChoice(other, (*choice.reasons, shift, cover, load))


def _suggest_member(
    ticket: str, team: Team, skills: tuple[str, ...], snapshot: ContextSnapshot
) -> Member | None:
    """Somebody with the skills who has room; who has least is drawn most often."""
    if not skills:
        return None
    able = [member for member in team.members if set(skills) <= set(member.skills)]
    free = [member for member in able if snapshot.load.get(member.id, 0) < team.wip_limit]
    return min(
        free,
        key=lambda member: _draw(ticket, member.id, 1 + snapshot.load.get(member.id, 0)),
        default=None,
    )


def _draw(ticket: str, name: str, burden: float) -> float:
    """A number of a fair draw; the least wins, and half the burden wins twice as often.

    Weighted rendezvous hashing: repeatable for a ticket, spread over names between two reads
    of the load (https://datatracker.ietf.org/doc/html/draft-ietf-bess-weighted-hrw).
    """
    digest = hashlib.blake2b(f"{ticket}/{name}".encode(), digest_size=8).digest()
    uniform = (int.from_bytes(digest) + 1) / (2**64 + 1)  # desk-skip: mutate a float has no more
    return -math.log(uniform) * burden


def _defer(about: Classification, charter: Charter, at: datetime) -> Routing:
    team = charter.team(charter.routing.default_team)
    unrouted = message("routing.unrouted", team=team.title)
    return Routing(
        team=team.name,
        explanation=(*about.reasons, unrouted, describe_shift(team, at)),
        charter=charter.version,
        decided_at=at,
        proposals=about.proposals,
    )
