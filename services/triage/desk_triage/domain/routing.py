"""Which team takes a ticket, and why: rules, owner, skills, what was learned, shifts.

A pure function of the ticket, the charter and the board: asked twice it answers the same.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from desk_shared.charter.model import (
    Charter,
    Member,
    RoutingRule,
    RuleThen,
    Service,
    Team,
    TicketFacts,
)
from desk_shared.events.message import Message, message, written
from desk_shared.events.people import Priority
from desk_shared.events.tickets import TicketOpened
from desk_shared.text import SpokenWords

from desk_triage.domain.board import EMPTY, Board, change_reasons
from desk_triage.domain.guessing import Guess, guess
from desk_triage.domain.learned import LearnedModel
from desk_triage.domain.model import Routing
from desk_triage.domain.priority import weigh
from desk_triage.domain.shifts import describe_shift

# The gist of a ticket stands at its beginning; a forwarded thread may go on for pages.
MAX_READ = 5_000
_NOTHING = RuleThen()


@dataclass(frozen=True, slots=True)
class Subject:
    """What the ticket is about, as far as words and form tell."""

    rule: RoutingRule | None
    service: Service | None
    category: str
    reasons: tuple[Message, ...]
    model: str = ""

    @property
    def then(self) -> RuleThen:
        return self.rule.then if self.rule else _NOTHING

    @property
    def decided_by(self) -> str:
        """The model that was asked because no rule knew, else the rule, if there is one."""
        return self.model or (self.rule.id if self.rule else "")


@dataclass(frozen=True, slots=True)
class Choice:
    """A team and why."""

    team: Team
    reasons: tuple[Message, ...]


def decide(
    ticket: str,
    opened: TicketOpened,
    at: datetime,
    charter: Charter,
    board: Board,
    model: LearnedModel | None = None,
) -> Routing:
    """The decision for a ticket; without priority if only a person can tell."""
    subject = find_subject(opened, charter)
    choice = _team_for(subject, charter, board, at)
    if choice is None:
        subject, team = _learned(subject, guess(model, opened, charter))
        if team is None:
            return _deferred(subject, charter, at)
        choice = Choice(team, ())
    name = subject.service.name if subject.service else ""
    people = board.people.get((name, subject.category), 0)
    weighed = weigh(charter, opened, subject.then, subject.service, people)
    choice = _on_shift(choice, weighed.priority, subject.then.skills, charter, at)
    member = _member(ticket, choice.team, subject.then.skills, board)
    reasons = [*subject.reasons, *choice.reasons, *weighed.reasons]
    reasons += _surroundings(subject.service, board, at)
    if member is not None:
        skills = subject.then.skills
        reasons.append(message("routing.member-has-skills", member=member.name, skills=skills))
    return Routing(
        team=choice.team.name,
        category=subject.category,
        priority=weighed.priority,
        service=name,
        member=member.id if member else "",
        skills=subject.then.skills,
        rule=subject.decided_by,
        explanation=tuple(reasons),
        charter=charter.version,
        decided_at=at,
    )


def leaves_open(opened: TicketOpened, at: datetime, charter: Charter) -> bool:
    """Whether rules, services and skills find no team, so that what was learned is asked."""
    return _team_for(find_subject(opened, charter), charter, EMPTY, at) is None


def find_subject(opened: TicketOpened, charter: Charter) -> Subject:
    """What the ticket is about: rules first, then the service named, then the services' words."""
    words = SpokenWords(f"{opened.title}\n{opened.description[:MAX_READ]}")
    named = charter.service_called(opened.service)
    rule = _rule(_facts(opened, named, words), named, charter)
    reasons = [written(rule.why)] if rule else []
    if opened.service and named is None:
        reasons.append(message("routing.unknown-service", service=opened.service))
    service = charter.find_service(rule.then.service) if rule else None
    if service is not None and named not in (None, service):
        names = named.title if named else ""
        reasons.append(message("routing.words-before-service", named=names, service=service.title))
    if service is None:
        service, more = _named_or_spoken(named, words, charter)
        reasons += more
    category = rule.then.category if rule else None
    return Subject(rule, service, category or (service.name if service else ""), tuple(reasons))


def _facts(opened: TicketOpened, named: Service | None, words: SpokenWords) -> TicketFacts:
    return TicketFacts(
        words=words,
        kind=opened.kind,
        service=named.name if named else opened.service or None,
        category=opened.attributes.get("category"),
        site=opened.site or None,
        channel=opened.channel,
    )


def _rule(facts: TicketFacts, named: Service | None, charter: Charter) -> RoutingRule | None:
    """The first that fits; a later one only if it agrees with the service that the ticket names.

    So “the printer is offline”, sent about printing, is not taken for a broken network. A rule
    that names its team (an attack, a stolen laptop) is not passed over.
    """
    fitting = (rule for rule in charter.routing.rules if rule.when.matches(facts))
    first = next(fitting, None)
    if first is None or named is None or first.then.team:
        return first
    if first.then.service in (None, named.name):
        return first
    return next((rule for rule in fitting if rule.then.service == named.name), first)


def _named_or_spoken(
    named: Service | None, words: SpokenWords, charter: Charter
) -> tuple[Service | None, list[Message]]:
    if named is not None:
        return named, [message("routing.named-service", service=named.title)]
    said = [(sum(map(words.has, one.keywords)), one) for one in charter.services]
    most = max((count for count, _ in said), default=0)
    best = [one for count, one in said if count == most and most > 0]
    if len(best) == 1:
        return best[0], [message("routing.service-words", service=best[0].title)]
    if best:
        return None, [message("routing.ambiguous-service", services=[one.title for one in best])]
    return None, []


def _team_for(subject: Subject, charter: Charter, board: Board, at: datetime) -> Choice | None:
    then, service = subject.then, subject.service
    if then.team:
        return Choice(charter.team(then.team), ())  # the rule's own sentence says why
    if service is not None:
        team = charter.team(service.owner)
        why = message("routing.owner-of-service", team=team.title, service=service.title)
        return Choice(team, (why,))
    if not then.skills:
        return None
    able = _able(then.skills, charter)
    team_or_none = min(able, key=lambda one: _preference(one, board, at), default=None)
    if team_or_none is None:
        return None
    why = message("routing.team-has-skills", team=team_or_none.title, skills=then.skills)
    return Choice(team_or_none, (why,))


def _learned(subject: Subject, found: Guess) -> tuple[Subject, Team | None]:
    reasons = (*subject.reasons, *found.reasons)
    if found.team is None:
        return replace(subject, reasons=reasons), None
    category = subject.category or found.category
    return replace(subject, category=category, reasons=reasons, model=found.rule), found.team


def _able(skills: tuple[str, ...], charter: Charter) -> Iterator[Team]:
    return (team for team in charter.teams if team.all_skills.issuperset(skills))


def _preference(team: Team, board: Board, at: datetime) -> tuple[bool, float, str]:
    """Who works now comes first, then who has most room."""
    load = sum(board.load.get(member.id, 0) for member in team.members)
    return not team.is_on_shift(at), load / team.wip_limit, team.name


def _on_shift(
    choice: Choice, priority: Priority, skills: tuple[str, ...], charter: Charter, at: datetime
) -> Choice:
    """The worst trouble does not wait for a shift if another team can do it now."""
    team = choice.team
    said = describe_shift(team, at)
    if priority is not Priority.P1 or not skills or team.is_on_shift(at):
        return Choice(team, (*choice.reasons, said))
    other = next((one for one in _able(skills, charter) if one.is_on_shift(at)), None)
    if other is None:
        return Choice(team, (*choice.reasons, said))
    cover = message("routing.shift-cover", team=other.title, skills=skills)
    return Choice(other, (*choice.reasons, said, cover))


def _member(ticket: str, team: Team, skills: tuple[str, ...], board: Board) -> Member | None:
    """Somebody with the skills who has room, chosen by a fair draw that favours who has least.

    Weighted rendezvous hashing: repeatable for a ticket, spread over members between two looks
    at the load (https://datatracker.ietf.org/doc/html/draft-ietf-bess-weighted-hrw).
    """
    if not skills:
        return None
    able = [one for one in team.members if set(skills) <= set(one.skills)]
    free = [one for one in able if board.load.get(one.id, 0) < team.wip_limit]
    return min(free, key=lambda one: _draw(ticket, one, board), default=None)


def _draw(ticket: str, member: Member, board: Board) -> float:
    digest = hashlib.blake2b(f"{ticket}/{member.id}".encode(), digest_size=8).digest()
    uniform = (int.from_bytes(digest) + 1) / (2**64 + 1)
    return -math.log(uniform) * (1 + board.load.get(member.id, 0))


def _surroundings(service: Service | None, board: Board, at: datetime) -> Iterator[Message]:
    if service is None:
        return
    yield from change_reasons(board, service.name, service.title, at)
    for window in service.maintenance:
        if window.covers(at):
            yield message("routing.maintenance", service=service.title, window=window.title)


def _deferred(subject: Subject, charter: Charter, at: datetime) -> Routing:
    team = charter.team(charter.routing.default_team)
    unrouted = message("routing.unrouted", team=team.title)
    return Routing(
        team=team.name,
        explanation=(*subject.reasons, unrouted, describe_shift(team, at)),
        charter=charter.version,
        decided_at=at,
    )
