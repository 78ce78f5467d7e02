"""When many like tickets are one problem, what joins it, and when it is over.

Event time throughout: tickets may come in any order within one window. Guaranteed: a ticket that
joins is listed in exactly one event, and each problem is detected once and resolved once.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from desk_charter.model import Charter
from desk_contracts import AnyEvent, Event
from desk_contracts.errors import NotFound
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message, verbatim
from desk_kernel import Decision

from desk_triage.changes.snapshot import ContextSnapshot, explain_changes
from desk_triage.problems.events import (
    describe_duplicate,
    describe_problem,
    describe_resolution,
    describe_update,
    title_of,
)
from desk_triage.problems.model import (
    MAX_MEMBERS,
    Evidence,
    IncidentCluster,
    Problem,
    Report,
    split_key,
)

MAX_REPORTS = 500
MAX_SIGNALS = 50
# With a signal of the service itself, two people are no coincidence any more.
PEOPLE_WITH_SIGNAL = 2


def add_ticket(
    key: str,
    cluster: IncidentCluster | None,
    event: Event[TicketOpened],
    charter: Charter,
    snapshot: ContextSnapshot,
    now: datetime,
) -> Decision[IncidentCluster] | None:
    """What follows from one more like ticket; that it joins is for `emit_joined` to emit.

    None if it was counted before: a ticket may be delivered again after any number of others.
    """
    cluster = cluster or empty_cluster(key)
    if cluster.knows(event.subject):
        return None
    at = min(event.data.requested_at or event.time, event.time)
    report = Report(ticket=event.subject, person=event.data.requester, at=at)
    rules, events = charter.routing.problems, list[AnyEvent]()
    problem = cluster.problem
    if problem is not None and cluster.ends_at and at > problem.last_at + rules.quiet:
        # When a log is replayed, event time passes without timers: end what was quiet long before.
        cluster, ended = _resolve(cluster, problem, problem.last_at + rules.quiet)
        problem, events = None, [*ended]
    if problem is not None and at >= problem.first_at - rules.window:
        return _decide(*_join(cluster, problem, report, event, charter, now))
    # Two windows are kept, so that a late one still finds its like.
    ordered = sorted((*cluster.reports, report), key=lambda report: (report.at, report.ticket))
    recent = [report for report in ordered if ordered[-1].at - report.at <= 2 * rules.window]
    cluster = cluster.model_copy(update={"reports": tuple(recent[-MAX_REPORTS:])})
    if problem is not None:
        return _decide(cluster)  # from long before the open problem: none of its tickets
    cluster, detected = _detect(cluster, event, charter, snapshot, now)
    return _decide(cluster, (*events, *detected))


def emit_joined(
    decision: Decision[IncidentCluster], now: datetime, cause: AnyEvent | None = None
) -> Decision[IncidentCluster]:
    """The same, with an event about all who joined since the last time: one for many."""
    cluster, problem = decision.state, decision.state.problem
    if problem is None or not problem.joining:
        return decision
    events = describe_update(cluster, problem, now, cause)
    problem = problem.model_copy(update={"joining": ()})
    return _decide(cluster.model_copy(update={"problem": problem}), (*decision.events, *events))


def empty_cluster(key: str) -> IncidentCluster:
    """A cluster in which nothing has gathered yet."""
    service, category = split_key(key)
    return IncidentCluster(service=service, category=category)


def add_signal(
    key: str,
    cluster: IncidentCluster | None,
    event: Event[SignalRaised],
    charter: Charter,
    snapshot: ContextSnapshot,
    now: datetime,
) -> Decision[IncidentCluster] | None:
    """A signal of the service itself is evidence that its tickets have one cause."""
    cluster = cluster or empty_cluster(key)
    episode = event.data.episode
    if any(evidence.episode == episode for evidence in cluster.signals):
        return None
    evidence = Evidence(episode=episode, title=event.data.title)
    cluster = cluster.model_copy(update={"signals": (*cluster.signals, evidence)[-MAX_SIGNALS:]})
    if cluster.problem is not None:
        marked = {
            "has_signal": True,
            "signals": (*cluster.problem.signals, episode)[-MAX_SIGNALS:],
        }
        problem = cluster.problem.model_copy(update=marked)
        return _decide(cluster.model_copy(update={"problem": problem}))
    return _decide(*_detect(cluster, event, charter, snapshot, now))


def remove_signal(
    cluster: IncidentCluster, event: Event[SignalCleared], charter: Charter, now: datetime
) -> Decision[IncidentCluster] | None:
    """A signal cleared: if it was the last, the quiet time begins."""
    left = tuple(kept for kept in cluster.signals if kept.episode != event.data.episode)
    if len(left) == len(cluster.signals):
        return None
    cluster = cluster.model_copy(update={"signals": left})
    if cluster.problem is not None:
        until = max(event.time, now) + charter.routing.problems.quiet
        later = max(cluster.problem.quiet_until, until)
        problem = cluster.problem.model_copy(update={"quiet_until": later})
        cluster = cluster.model_copy(update={"problem": problem})
    return _decide(cluster)


def end_if_quiet(cluster: IncidentCluster, now: datetime) -> Decision[IncidentCluster]:
    """Resolve the problem once its signals have cleared and nobody has reported it for a while."""
    problem, ends_at = cluster.problem, cluster.ends_at
    if problem is None or ends_at is None or ends_at > now:
        return emit_joined(_decide(cluster), now)
    return _decide(*_resolve(cluster, problem, ends_at))


def end_by_member(
    cluster: IncidentCluster | None, problem_id: str, by: str, resolution: str, now: datetime
) -> Decision[IncidentCluster]:
    """A member says that it is over; `NotFound` if it is not the open problem."""
    problem = cluster.problem if cluster else None
    if cluster is None or problem is None or problem.id != problem_id:
        raise NotFound(message("problem.not-open", problem=problem_id), problem=problem_id)
    why = verbatim(resolution) if resolution else message("problem.ended-by-member", by=by)
    return _decide(*_resolve(cluster, problem, now, why))


def _decide(cluster: IncidentCluster, events: Iterable[AnyEvent] = ()) -> Decision[IncidentCluster]:
    return Decision(cluster, tuple(events), cluster.ends_at)


def _join(
    cluster: IncidentCluster,
    problem: Problem,
    report: Report,
    event: AnyEvent,
    charter: Charter,
    now: datetime,
) -> tuple[IncidentCluster, tuple[AnyEvent, ...]]:
    member = (report.ticket, report.person)
    has_room = len(problem.members) < MAX_MEMBERS
    until = max(report.at, now) + charter.routing.problems.quiet
    update = {
        "first_at": min(problem.first_at, report.at),
        "last_at": max(problem.last_at, report.at),
        "quiet_until": max(problem.quiet_until, until),
        "members": (*problem.members, member) if has_room else problem.members,
        "joining": (*problem.joining, member),
        "unlisted": problem.unlisted + (0 if has_room else 1),
    }
    joined = cluster.model_copy(update={"problem": problem.model_copy(update=update)})
    title = title_of(charter, cluster.service)
    return joined, (describe_duplicate(event, problem, title),)


def _detect(
    cluster: IncidentCluster,
    event: AnyEvent,
    charter: Charter,
    snapshot: ContextSnapshot,
    now: datetime,
) -> tuple[IncidentCluster, list[AnyEvent]]:
    """The problem, if enough different people report the same within one window."""
    rules = charter.routing.problems
    wanted = min(rules.min_tickets, PEOPLE_WITH_SIGNAL) if cluster.signals else rules.min_tickets
    start = _find_burst(cluster.reports, rules.window, wanted)
    if start is None:
        return cluster, []
    members = [report for report in cluster.reports if report.at >= start - rules.window]
    signals = tuple(evidence.episode for evidence in cluster.signals)
    owner, title = charter.owner_of(cluster.service), title_of(charter, cluster.service)
    problem = Problem(
        id=derive_id(members[0].ticket, f"problem/{cluster.name}"),
        title=message("problem.title", service=title),
        team=owner.name,
        message=message("problem.known", service=title, team=owner.title),
        first_at=members[0].at,
        last_at=members[-1].at,
        quiet_until=max(members[-1].at, now) + rules.quiet,
        members=tuple((report.ticket, report.person) for report in members),
        has_signal=bool(signals),
        signals=signals,
    )
    reasons = _explain(cluster, problem, charter, snapshot, event.time)
    events = describe_problem(event, cluster, problem, reasons, charter)
    before = cluster.reports[: -len(members)]
    return cluster.model_copy(update={"problem": problem, "reports": before}), events


def _find_burst(reports: tuple[Report, ...], window: timedelta, wanted: int) -> datetime | None:
    """When the first window begins in which that many different people reported."""
    people: Counter[str] = Counter()
    first = 0
    for report in reports:
        people[report.person] += 1
        while report.at - reports[first].at > window:
            left = reports[first].person
            people[left] -= 1
            if not people[left]:
                del people[left]
            first += 1
        if len(people) >= wanted:
            return reports[first].at
    return None


def _explain(
    cluster: IncidentCluster,
    problem: Problem,
    charter: Charter,
    snapshot: ContextSnapshot,
    at: datetime,
) -> list[Message]:
    title = title_of(charter, cluster.service)
    like_tickets = message(
        "problem.like-tickets",
        count=len(problem.people),
        service=title,
        category=cluster.category,
        window=charter.routing.problems.window,
    )
    shown = [message("problem.signal", title=evidence.title) for evidence in cluster.signals[:3]]
    return [like_tickets, *shown, *explain_changes(snapshot, cluster.service, title, at)]


def _resolve(
    cluster: IncidentCluster, problem: Problem, at: datetime, resolution: Message | None = None
) -> tuple[IncidentCluster, tuple[AnyEvent, ...]]:
    """End the problem; without a resolution since it has been quiet."""
    why = resolution or message("problem.quiet", since=problem.last_at)
    events = describe_update(cluster, problem, at) if problem.joining else []
    events += describe_resolution(cluster, problem, at, why)
    tickets = tuple(ticket for ticket, _ in problem.members)
    closed = {"problem": None, "last_problem": problem.id, "resolved": tickets}
    return cluster.model_copy(update=closed), tuple(events)
