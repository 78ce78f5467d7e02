"""When many like tickets are one problem, what joins it, and when it is over.

Event time throughout: tickets may come in any order within one window. Guaranteed: a ticket that
joins is listed in exactly one event, and each problem is detected once and resolved once.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from desk_shared.charter.model import Charter
from desk_shared.errors import NotFound
from desk_shared.events import AnyEvent, Event
from desk_shared.events.message import Message, message, written
from desk_shared.events.signals import SignalCleared, SignalRaised
from desk_shared.events.tickets import TicketOpened
from desk_shared.ids import derived_id
from desk_shared.kernel import Decision

from desk_triage.domain import telling
from desk_triage.domain.board import Board, change_reasons
from desk_triage.domain.problem import (
    MAX_MEMBERS,
    Cluster,
    Evidence,
    Problem,
    Sighting,
    parted_key,
)

MAX_SIGHTINGS = 500
MAX_SIGNALS = 50
# With a signal of the service itself, two people are no coincidence any more.
PEOPLE_WITH_SIGNAL = 2


def report(
    key: str,
    cluster: Cluster | None,
    event: Event[TicketOpened],
    charter: Charter,
    board: Board,
    now: datetime,
) -> Decision[Cluster] | None:
    """What follows from one more like ticket; that it joins is for `tell_joined` to tell.

    None if it was counted before: a ticket may be told of again after any number of others.
    """
    cluster = cluster or empty(key)
    if cluster.knows(event.subject):
        return None
    at = min(event.data.requested_at or event.time, event.time)
    seen = Sighting(ticket=event.subject, person=event.data.requester, at=at)
    rules = charter.routing.problems
    cluster, ended = _ended_before(cluster, at, rules.quiet)
    problem = cluster.problem
    if problem is not None and at >= problem.first_at - rules.window:
        return _outcome(*_joined(cluster, problem, seen, event, charter, now))
    cluster = _sighted(cluster, seen, rules.window)
    if problem is not None:
        return _outcome(cluster)  # from long before the open problem: none of its tickets
    cluster, events = _detected(cluster, event, charter, board, now)
    return _outcome(cluster, (*ended, *events))


def tell_joined(
    outcome: Decision[Cluster], now: datetime, cause: AnyEvent | None = None
) -> Decision[Cluster]:
    """The same, and all who joined since the last time are told of: one event for many."""
    cluster, problem = outcome.state, outcome.state.problem
    if problem is None or not problem.joining:
        return outcome
    cluster, events = _told(cluster, problem, now, cause)
    return _outcome(cluster, (*outcome.events, *events))


def empty(key: str) -> Cluster:
    """A cluster in which nothing has gathered yet."""
    service, category = parted_key(key)
    return Cluster(service=service, category=category)


def notice_signal(
    key: str,
    cluster: Cluster | None,
    event: Event[SignalRaised],
    charter: Charter,
    board: Board,
    now: datetime,
) -> Decision[Cluster] | None:
    """A signal of the service itself is evidence that its tickets have one cause."""
    cluster = cluster or empty(key)
    episode = event.data.episode
    if any(one.episode == episode for one in cluster.signals):
        return None
    seen = Evidence(episode=episode, title=event.data.title)
    cluster = cluster.model_copy(update={"signals": (*cluster.signals, seen)[-MAX_SIGNALS:]})
    if cluster.problem is not None:
        marked = {
            "has_signal": True,
            "signals": (*cluster.problem.signals, episode)[-MAX_SIGNALS:],
        }
        problem = cluster.problem.model_copy(update=marked)
        return _outcome(cluster.model_copy(update={"problem": problem}))
    return _outcome(*_detected(cluster, event, charter, board, now))


def forget_signal(
    cluster: Cluster, event: Event[SignalCleared], charter: Charter, now: datetime
) -> Decision[Cluster] | None:
    """A signal cleared: if it was the last, the quiet time begins."""
    left = tuple(one for one in cluster.signals if one.episode != event.data.episode)
    if len(left) == len(cluster.signals):
        return None
    cluster = cluster.model_copy(update={"signals": left})
    if cluster.problem is not None:
        until = max(event.time, now) + charter.routing.problems.quiet
        later = max(cluster.problem.quiet_until, until)
        problem = cluster.problem.model_copy(update={"quiet_until": later})
        cluster = cluster.model_copy(update={"problem": problem})
    return _outcome(cluster)


def end_if_quiet(cluster: Cluster, now: datetime) -> Decision[Cluster]:
    """Resolve the problem once its signals have cleared and nobody has reported it for a while."""
    problem, ends_at = cluster.problem, cluster.ends_at
    if problem is None or ends_at is None or ends_at > now:
        return tell_joined(_outcome(cluster), now)
    return _outcome(*_resolved(cluster, problem, ends_at, _why_quiet(problem)))


def end_by_member(
    cluster: Cluster | None, problem_id: str, by: str, resolution: str, now: datetime
) -> Decision[Cluster]:
    """A member says that it is over; `NotFound` if it is not the open problem."""
    problem = cluster.problem if cluster else None
    if cluster is None or problem is None or problem.id != problem_id:
        raise NotFound(message("problem.not-open", problem=problem_id), problem=problem_id)
    said = written(resolution) if resolution else message("problem.ended-by-member", by=by)
    return _outcome(*_resolved(cluster, problem, now, said))


def _outcome(cluster: Cluster, events: Iterable[AnyEvent] = ()) -> Decision[Cluster]:
    return Decision(cluster, tuple(events), cluster.ends_at)


def _ended_before(
    cluster: Cluster, at: datetime, quiet: timedelta
) -> tuple[Cluster, tuple[AnyEvent, ...]]:
    """When a log is replayed, event time passes without timers: end what was quiet long before."""
    problem = cluster.problem
    if problem is None or cluster.ends_at is None or at <= problem.last_at + quiet:
        return cluster, ()
    return _resolved(cluster, problem, problem.last_at + quiet, _why_quiet(problem))


def _joined(
    cluster: Cluster,
    problem: Problem,
    seen: Sighting,
    event: AnyEvent,
    charter: Charter,
    now: datetime,
) -> tuple[Cluster, tuple[AnyEvent, ...]]:
    member = (seen.ticket, seen.person)
    title = telling.service_title(charter, cluster.service)
    has_room = len(problem.members) < MAX_MEMBERS
    until = max(seen.at, now) + charter.routing.problems.quiet
    grown = {
        "first_at": min(problem.first_at, seen.at),
        "last_at": max(problem.last_at, seen.at),
        "quiet_until": max(problem.quiet_until, until),
        "members": (*problem.members, member) if has_room else problem.members,
        "joining": (*problem.joining, member),
        "unlisted": problem.unlisted + (0 if has_room else 1),
    }
    grown_problem = problem.model_copy(update=grown)
    joined = cluster.model_copy(update={"problem": grown_problem})
    return joined, (telling.duplicate(event, problem, title),)


def _told(
    cluster: Cluster, problem: Problem, at: datetime, cause: AnyEvent | None = None
) -> tuple[Cluster, list[AnyEvent]]:
    events = telling.updated(cluster, problem, at, cause)
    problem = problem.model_copy(update={"joining": ()})
    return cluster.model_copy(update={"problem": problem}), events


def _sighted(cluster: Cluster, seen: Sighting, window: timedelta) -> Cluster:
    """With one more ticket; two windows are kept, so that a late one still finds its like."""
    known = sorted((*cluster.sightings, seen), key=lambda one: (one.at, one.ticket))
    newest = known[-1].at
    kept = tuple(one for one in known if newest - one.at <= 2 * window)[-MAX_SIGHTINGS:]
    return cluster.model_copy(update={"sightings": kept})


def _detected(
    cluster: Cluster, event: AnyEvent, charter: Charter, board: Board, now: datetime
) -> tuple[Cluster, list[AnyEvent]]:
    """The problem, if enough different people report the same within one window."""
    rules = charter.routing.problems
    wanted = min(rules.min_tickets, PEOPLE_WITH_SIGNAL) if cluster.signals else rules.min_tickets
    start = _first_burst(cluster.sightings, rules.window, wanted)
    if start is None:
        return cluster, []
    members = [one for one in cluster.sightings if one.at >= start - rules.window]
    signals = tuple(one.episode for one in cluster.signals)
    problem = Problem(
        id=derived_id(members[0].ticket, f"problem/{cluster.name}"),
        title=telling.title_of(charter, cluster.service),
        team=charter.owner_of(cluster.service).name,
        message=telling.notice_of(charter, cluster.service),
        first_at=members[0].at,
        last_at=members[-1].at,
        quiet_until=max(members[-1].at, now) + rules.quiet,
        members=tuple((one.ticket, one.person) for one in members),
        has_signal=bool(signals),
        signals=signals,
    )
    reasons = _reasons(cluster, problem, charter, board, event.time)
    events = telling.detected(event, cluster, problem, reasons, charter)
    before = cluster.sightings[: -len(members)]
    return cluster.model_copy(update={"problem": problem, "sightings": before}), events


def _first_burst(
    sightings: tuple[Sighting, ...], window: timedelta, wanted: int
) -> datetime | None:
    """When the first window begins in which that many different people reported."""
    people: Counter[str] = Counter()
    first = 0
    for seen in sightings:
        people[seen.person] += 1
        while seen.at - sightings[first].at > window:
            left = sightings[first].person
            people[left] -= 1
            if not people[left]:
                del people[left]
            first += 1
        if len(people) >= wanted:
            return sightings[first].at
    return None


def _reasons(
    cluster: Cluster, problem: Problem, charter: Charter, board: Board, at: datetime
) -> list[Message]:
    title = telling.service_title(charter, cluster.service)
    like_tickets = message(
        "problem.like-tickets",
        count=len(problem.people),
        service=title,
        category=cluster.category,
        window=charter.routing.problems.window,
    )
    shown = [message("problem.signal", title=one.title) for one in cluster.signals[:3]]
    return [like_tickets, *shown, *change_reasons(board, cluster.service, title, at)]


def _resolved(
    cluster: Cluster, problem: Problem, at: datetime, resolution: Message
) -> tuple[Cluster, tuple[AnyEvent, ...]]:
    events = telling.updated(cluster, problem, at) if problem.joining else []
    events += telling.resolved(cluster, problem, at, resolution)
    settled = tuple(ticket for ticket, _ in problem.members)
    closed = {"problem": None, "last_problem": problem.id, "settled": settled}
    return cluster.model_copy(update=closed), tuple(events)


def _why_quiet(problem: Problem) -> Message:
    return message("problem.quiet", since=problem.last_at)
