"""When a problem is opened: for an unusual count, a signal, or, without a past, a majority."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from desk_contracts import AnyEvent
from desk_contracts.events.problems import ProblemStatus
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message

from desk_triage.changes.snapshot import explain_changes
from desk_triage.problems.bursts import Group, gather, is_enough
from desk_triage.problems.events import (
    describe_problem,
    title_of,
)
from desk_triage.problems.joining import (
    Desk,
    add_member,
    add_places,
    learn_near,
    write_notice,
)
from desk_triage.problems.meaning import LEARNED_FROM
from desk_triage.problems.members import Members
from desk_triage.problems.model import (
    Problem,
    ProblemRegister,
    Report,
    SolvedProblem,
    Tally,
)
from desk_triage.problems.profile import Profile, resemble
from desk_triage.problems.rates import Rates, unpack
from desk_triage.problems.terms import number_key
from desk_triage.problems.window import Burst

MAX_PROBLEMS = 50
# With a signal of the service itself, two people are no coincidence any more.
PEOPLE_WITH_SIGNAL = 2
# With fewer tickets of the past nobody knows what is unusual; then so many people, and nearly all,
# must report the same service.
_NO_PAST, _ALIKE_PEOPLE, _ALIKE_SHARE = 50, 8, 0.75
# Two profiles that have so much in common tell of the same.
_ALIKE = 0.5
_STATUS = {True: ProblemStatus.CONFIRMED, False: ProblemStatus.PROPOSED}


def may_need_no_count(register: ProblemRegister, share: float) -> bool:
    """Whether one may be opened without an unusual count: by a signal or, without a past, by all.

    No larger share of the people than `share` reports the service in question.
    """
    if register.signals:
        return True
    if unpack(register.rates).tickets >= _NO_PAST:
        return False
    return share >= _ALIKE_SHARE or any(problem.service for problem in register.problems)


def detect(
    register: ProblemRegister,
    bursts: Sequence[Burst],
    report: Report,
    cause: str,
    desk: Desk,
    at: datetime | None = None,
) -> tuple[ProblemRegister, list[AnyEvent]]:
    """The problem, if enough different people report the same unusually often.

    It reads every recent report.
    """
    at, rules, rates = at or report.at, desk.rules, unpack(register.rates)
    recent = [item for item in register.recent if item.at >= report.at - rules.window]
    if bursts:
        burst = max(bursts, key=lambda item: (item.surprise, -item.term))
        group = gather(burst, recent, register.others, rates, rules.window)
        if group.head_count >= rules.min_tickets and is_enough(group):
            return _open(register, group, cause, at, rates, desk)
    named, wanted = _find_service(register, rates, recent, report)
    if named is None:
        return register, []
    group = gather(named, recent, register.others, rates, rules.window)
    signalled = [item for item in recent if number_key("service", item.service) == named.term]
    familiar = {item.ticket: item for item in (*group.members, *signalled)}
    ordered = sorted(familiar.values(), key=lambda item: (item.at, item.ticket))
    group = group._replace(members=ordered)
    if group.head_count < wanted:
        return register, []
    return _open(register, group, cause, at, rates, desk)


def _find_service(
    register: ProblemRegister, rates: Rates, recent: Sequence[Report], report: Report
) -> tuple[Burst | None, int]:
    """Without an unusual count: the service in question, and how many people must report it.

    It is the one that has an open signal, of several the one reported last; or, without a past to
    compare with, the one that nearly all reports are about.
    """
    has_past = rates.tickets >= _NO_PAST
    shown = {evidence.service for evidence in register.signals}
    is_open = {problem.service for problem in register.problems if problem.service}
    for item in (report, *reversed(recent)) if shown or is_open else ():
        if item.service in is_open:
            if not has_past:  # nobody can tell yet which of its reports say something else
                return _about_service(item, recent), 1
        elif item.service in shown:
            return _about_service(item, recent), PEOPLE_WITH_SIGNAL
    if has_past or not report.service:
        return None, 0
    alike = {item.person for item in recent if item.service == report.service}
    if len(alike) < _ALIKE_SHARE * len({item.person for item in recent}):
        return None, 0
    return _about_service(report, recent), _ALIKE_PEOPLE


def _about_service(report: Report, recent: Sequence[Report]) -> Burst:
    """All that is reported of its service; nothing says that it is unusual."""
    return Burst(number_key("service", report.service), recent[0].at, 0.0)


def _open(
    register: ProblemRegister,
    group: Group,
    cause: str,
    at: datetime,
    rates: Rates,
    desk: Desk,
) -> tuple[ProblemRegister, list[AnyEvent]]:
    members, profile = group.members, group.profile
    service, category = _about(members)
    other = _find_known(register, service, profile, members[-1].at, rates, desk)
    if other is None and len(register.problems) >= MAX_PROBLEMS:
        return register, []  # they stay among the reports, for when there is room
    gathered = {item.ticket for item in members}
    recent = tuple(item for item in register.recent if item.ticket not in gathered)
    register = register.model_copy(update={"recent": recent})
    if other is not None:
        problems, events = list(register.problems), list[AnyEvent]()
        for item in members:
            problems[other], more = add_member(problems[other], item, rates, desk)
            events += more
        return register.model_copy(update={"problems": tuple(problems)}), events
    signals = tuple(item.episode for item in register.signals if item.service == service != "")
    # The latest of those that were solved and looked like it.
    alike = (item for item in reversed(register.solved) if item.service == service)
    recalled = next(
        (item for item in alike if item.resolution and _are_alike(item.profile, profile, rates)),
        None,
    )
    problem = _make_problem(group, (service, category), signals, at, desk)
    tally = Tally(since=at, joined=len(members), seen=len(recent) + len(members))
    recalls = recalled.id if recalled else ""
    problem = problem.model_copy(update={"tally": tally, "recalls": recalls})
    problem = learn_near(problem, register, len(members) / tally.seen, desk)
    reasons = _explain(problem, group.burst, recalled, register, desk, at)
    events = describe_problem(problem, reasons, desk.charter.version, at, cause)
    return register.model_copy(update={"problems": (*register.problems, problem)}), events


def _make_problem(
    group: Group, about: tuple[str, str], signals: tuple[str, ...], at: datetime, desk: Desk
) -> Problem:
    (service, category), members = about, group.members
    status, owner = _STATUS[bool(signals)], desk.charter.owner_of(service)
    return Problem(
        id=derive_id(members[0].ticket, "problem"),
        service=service,
        category=category,
        title=title_of(desk.charter, service),
        team=owner.name,
        message=write_notice(service, owner, status, desk),
        status=status,
        first_at=members[0].at,
        last_at=max(item.at for item in members),
        members=Members((item.ticket, item.person) for item in members),
        signals=signals,
        seed=group.burst.term,
        worded_by=group.profile.tickets,
        wording=dict(group.profile.counts),
        enough=group.enough,
        places=add_places((), members),
        tally=Tally(since=at),
    )


def _about(members: Sequence[Report]) -> tuple[str, str]:
    """The service and category that most of them are about; nothing if fewer than half agree."""
    services = Counter(item.service for item in members if item.service)
    if not services:
        return "", ""
    service, count = min(services.items(), key=lambda item: (-item[1], item[0]))
    if 2 * count < len(members):
        return "", ""
    categories = Counter(item.category for item in members if item.service == service)
    return service, min(categories.items(), key=lambda item: (-item[1], item[0]))[0]


def _find_known(
    register: ProblemRegister,
    service: str,
    profile: Profile,
    at: datetime,
    rates: Rates,
    desk: Desk,
) -> int | None:
    """The open problem that this burst is another side of.

    The same service is one outage, whatever its categories. Bursts are so rare that one without a
    service, which begins with another, has its cause.
    """
    for index, problem in enumerate(register.problems):
        if service and problem.service == service:
            return index
        if _are_alike(problem.profile, profile, rates):
            return index
        is_together = at - problem.first_at <= desk.rules.window
        if is_together and not (service and problem.service):
            return index
    return None


def _are_alike(first: Profile, second: Profile, rates: Rates) -> bool:
    return resemble(first, second, rates) >= _ALIKE


def _explain(
    problem: Problem,
    burst: Burst,
    recalled: SolvedProblem | None,
    register: ProblemRegister,
    desk: Desk,
    at: datetime,
) -> list[Message]:
    # Where a signal shows it, or there is no past, nothing was compared with what is usual.
    people, since = len(problem.people), problem.first_at
    unusual = (
        message("problem.unusual", count=people, since=since)
        if burst.surprise
        else message("problem.like-tickets", count=people, since=since)
    )
    shown = [
        message("problem.signal", title=evidence.title)
        for evidence in register.signals
        if evidence.service == problem.service
    ]
    reasons = [unusual, *shown[:3]]
    if burst.surprise:
        reasons.append(message("problem.chance", exponent=int(burst.surprise)))
    elif not shown:
        reasons.append(message("problem.no-past"))
    since = at - desk.rules.window
    unread = sum(item.at >= since and not item.meaning for item in register.recent)
    if unread and register.centre.tickets >= LEARNED_FROM:  # too many came to be encoded
        reasons.append(message("problem.words-alone", count=unread))
    if recalled is not None and recalled.resolution is not None:
        before = message(
            "problem.recalls",
            problem=recalled.id,
            ended=recalled.ended_at,
            resolution=recalled.resolution,
        )
        reasons.append(before)
    owned = desk.charter.find_service(problem.service)
    title = owned.title if owned else problem.service
    return [*reasons, *explain_changes(desk.snapshot, problem.service, title, at)]
