"""What people say about problems: that it is one, or none, what belongs to it, and how it ended."""

from collections.abc import Callable, Sequence
from datetime import datetime

from desk_contracts import AnyEvent
from desk_contracts.errors import NotFound, Rejected
from desk_contracts.events.problems import ProblemEnd, ProblemStatus
from desk_contracts.ids import derive_id
from desk_contracts.message import message, verbatim
from desk_kernel import Decision

from desk_triage.problems.decide import close, confirm, decide_register, emit_joined
from desk_triage.problems.events import Ending, Member, describe_problem, describe_removal
from desk_triage.problems.joining import MAX_SIGNALS, Desk
from desk_triage.problems.meaning import MOST_PLACES
from desk_triage.problems.members import Members
from desk_triage.problems.model import MAX_MEMBERS, Problem, ProblemRegister, Tally
from desk_triage.problems.profile import combine

MAX_REMOVED = 1_000
Change = Callable[[ProblemRegister, Problem], tuple[ProblemRegister, list[AnyEvent]]]


def confirm_problem(
    register: ProblemRegister | None, id: str, by: str, now: datetime, desk: Desk
) -> Decision[ProblemRegister]:
    """It is one: everybody in it is told. Nothing changes for one that is confirmed already."""

    def change(
        register: ProblemRegister, problem: Problem
    ) -> tuple[ProblemRegister, list[AnyEvent]]:
        why = message("problem.confirmed-by", by=by)
        confirmed, events = confirm(problem, [why], by, now, desk)
        return _replace(register, confirmed), events

    return _change(register, id, now, desk, change)


def resolve_problem(
    register: ProblemRegister | None, id: str, by: str, resolution: str, now: datetime, desk: Desk
) -> Decision[ProblemRegister]:
    """It is solved; what helped is remembered for when it comes back.

    Who says that it is over says that it was one, so all in it are told though it was proposed:
    their tickets are solved with it.
    """

    def change(
        register: ProblemRegister, problem: Problem
    ) -> tuple[ProblemRegister, list[AnyEvent]]:
        why = verbatim(resolution) if resolution else message("problem.ended-by-member", by=by)
        confirmed = problem.model_copy(update={"status": ProblemStatus.CONFIRMED})
        return close(register, confirmed, now, Ending(ProblemEnd.SOLVED, why))

    return _change(register, id, now, desk, change)


def reject_problem(
    register: ProblemRegister | None, id: str, by: str, now: datetime, desk: Desk
) -> Decision[ProblemRegister]:
    """It is none: its tickets stay as they are."""

    def change(
        register: ProblemRegister, problem: Problem
    ) -> tuple[ProblemRegister, list[AnyEvent]]:
        why = message("problem.rejected", by=by)
        return close(register, problem, now, Ending(ProblemEnd.REJECTED, why))

    return _change(register, id, now, desk, change)


def remove_tickets(
    register: ProblemRegister | None, id: str, tickets: Sequence[str], now: datetime, desk: Desk
) -> Decision[ProblemRegister]:
    """These do not belong to it, and do not join again; `NotFound` if none of them is in it."""

    def change(
        register: ProblemRegister, problem: Problem
    ) -> tuple[ProblemRegister, list[AnyEvent]]:
        left, gone = _part(problem, tickets)
        return _replace(register, left), describe_removal(left, gone, now)

    return _change(register, id, now, desk, change)


def split_problem(
    register: ProblemRegister | None, id: str, tickets: Sequence[str], now: datetime, desk: Desk
) -> Decision[ProblemRegister]:
    """These are another problem, of the same service and as certain."""

    def change(
        register: ProblemRegister, problem: Problem
    ) -> tuple[ProblemRegister, list[AnyEvent]]:
        left, gone = _part(problem, tickets)
        if not (left.members or left.unlisted):
            raise Rejected(message("problem.split-whole"), code="split-whole")
        moved = {ticket for ticket, _ in gone}
        other = problem.model_copy(
            update={
                "id": derive_id(problem.id, f"split/{gone[0][0]}"),
                "members": Members(gone),
                "joining": Members(),
                "unlisted": 0,
                "places": tuple(item for item in problem.places if item.ticket in moved),
                "joining_by_meaning": 0,
                "removed": tuple(ticket for ticket, _ in left.members)[-MAX_REMOVED:],
                "tally": Tally(since=now, joined=len(gone), seen=len(gone)),
                "recalls": "",
            }
        )
        why = message("problem.split", problem=problem.id)
        events = describe_problem(other, [why], desk.charter.version, now, "")
        register = _replace(register, left)
        register = register.model_copy(update={"problems": (*register.problems, other)})
        return register, [*describe_removal(left, gone, now, is_split=True), *events]

    return _change(register, id, now, desk, change)


def merge_problems(
    register: ProblemRegister | None, id: str, into: str, by: str, now: datetime, desk: Desk
) -> Decision[ProblemRegister]:
    """It is the same as another open problem, which takes its tickets.

    If one of them is confirmed, both are from now on: its people were told that they hear of its
    end.
    """

    def change(
        register: ProblemRegister, problem: Problem
    ) -> tuple[ProblemRegister, list[AnyEvent]]:
        target = register.find(into)
        if target is not None and target.id == problem.id:
            return register, []
        if target is None:
            raise NotFound(message("problem.not-open", problem=into), problem=into)
        whole, events = _unite(target, problem), list[AnyEvent]()
        if problem.status is ProblemStatus.CONFIRMED:
            reason = message("problem.confirmed-by", by=by)
            whole, events = confirm(whole, [reason], by, now, desk)
        why = message("problem.merged", problem=into)
        register = _replace(register, whole)
        ending = Ending(ProblemEnd.MERGED, why, merged_into=target.id)
        register, ended = close(register, problem, now, ending)
        return register, [*events, *ended]

    return _change(register, id, now, desk, change)


def _change(
    register: ProblemRegister | None, id: str, now: datetime, desk: Desk, change: Change
) -> Decision[ProblemRegister]:
    problem = register.find(id) if register else None
    if register is None or problem is None:
        raise NotFound(message("problem.not-open", problem=id), problem=id)
    register, events = change(register, problem)
    return emit_joined(decide_register(register, desk, events), now, desk)


def _replace(register: ProblemRegister, problem: Problem) -> ProblemRegister:
    def replace(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        return tuple(problem if item.id == problem.id else item for item in problems)

    update = {"problems": replace(register.problems), "unreported": replace(register.unreported)}
    return register.model_copy(update=update)


def _unite(target: Problem, problem: Problem) -> Problem:
    """The target with all that the other one was: its tickets, what they say, how many came."""
    familiar = {ticket for ticket, _ in target.members}
    joining = tuple(member for member in problem.members if member[0] not in familiar)
    members = (*target.members, *joining)
    beyond = max(0, len(members) - MAX_MEMBERS)
    profile, first, second = combine(target.profile, problem.profile), target.tally, problem.tally
    tickets = {ticket for ticket, _ in members}
    removed = (ticket for ticket in (*target.removed, *problem.removed) if ticket not in tickets)
    update = {
        "members": Members(members[:MAX_MEMBERS]),
        "joining": Members((*target.joining, *joining)),
        "unlisted": target.unlisted + problem.unlisted + beyond,
        "first_at": min(target.first_at, problem.first_at),
        "last_at": max(target.last_at, problem.last_at),
        "signals": tuple(dict.fromkeys((*target.signals, *problem.signals)))[-MAX_SIGNALS:],
        "has_lost_signals": target.has_lost_signals or problem.has_lost_signals,
        "removed": tuple(dict.fromkeys(removed))[-MAX_REMOVED:],
        "worded_by": profile.tickets,
        "wording": dict(profile.counts),
        "places": (*target.places, *problem.places)[:MOST_PLACES],
        "joining_by_meaning": target.joining_by_meaning + problem.joining_by_meaning,
        "tally": Tally(
            since=max(first.since, second.since),
            joined=first.joined + second.joined,
            seen=max(first.seen, second.seen),
            joined_before=first.joined_before + second.joined_before,
            seen_before=max(first.seen_before, second.seen_before),
        ),
    }
    return target.model_copy(update=update)


def _part(problem: Problem, tickets: Sequence[str]) -> tuple[Problem, list[Member]]:
    """The problem without these tickets, and the members with them."""
    wanted = set(tickets)
    gone = [member for member in problem.members if member[0] in wanted]
    if not gone:
        first = ", ".join(sorted(wanted)[:3])
        raise NotFound(message("problem.not-in-it", tickets=first), problem=problem.id)
    update = {
        "members": Members(member for member in problem.members if member[0] not in wanted),
        "joining": Members(member for member in problem.joining if member[0] not in wanted),
        "places": tuple(item for item in problem.places if item.ticket not in wanted),
        "removed": (*problem.removed, *(ticket for ticket, _ in gone))[-MAX_REMOVED:],
    }
    return problem.model_copy(update=update), gone
