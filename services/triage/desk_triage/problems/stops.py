"""A runbook that automation stopped is a problem of its owner: many equal faults have one cause, or
the repair is none, as its ring or its breaker shows.

It is proposed: its owner says whether there is a cause to remove. That the runbook goes on again
ends nothing. A person may have let it go on to look, a newer version may be as wrong, and a cause
is gone only when somebody says so. The owner is told, and told that the problem may be over.
"""

from desk_contracts import Event
from desk_contracts.events.automation import StopKind
from desk_contracts.events.trouble import StopReported
from desk_contracts.message import Message, Param, message
from desk_kernel import Decision

from desk_triage.problems.decide import decide_register
from desk_triage.problems.events import describe_change, describe_problem
from desk_triage.problems.joining import Desk
from desk_triage.problems.model import Problem, ProblemRegister
from desk_triage.problems.repeats import propose

# One per runbook and kind of stop, so only a desk with more stopped runbooks comes to it. Then the
# next stop of the runbook opens its problem, if there is room.
MAX_STOPPED = 200
# So many targets are named to people; the event has more.
_MOST_NAMED = 10


def add_stop(
    register: ProblemRegister | None, event: Event[StopReported], desk: Desk
) -> Decision[ProblemRegister] | None:
    """The problem of the stopped runbook, opened or with the news; None if nothing changes."""
    register, data = register or ProblemRegister(), event.data
    before = next(
        (
            item
            for item in register.unreported
            if (item.runbook, item.stop) == (data.runbook, data.kind)
        ),
        None,
    )
    if before is not None:
        return _continue(register, before, event, desk)
    is_full = sum(item.stop is not None for item in register.unreported) >= MAX_STOPPED
    if data.resumed_at is not None or is_full:
        return None  # who ended the problem before the runbook went on needs no news of it
    problem = _open(event, desk)
    reasons = _list_evidence(data)
    events = describe_problem(problem, reasons, desk.charter.version, event.time, event.id)
    items = (*register.unreported, problem)
    return decide_register(register.model_copy(update={"unreported": items}), desk, events)


def _continue(
    register: ProblemRegister, before: Problem, event: Event[StopReported], desk: Desk
) -> Decision[ProblemRegister] | None:
    """The open problem, whose runbook goes on, or is stopped again; None if that is known."""
    data = event.data
    count = before.withheld if before.stopped_at == data.stopped_at else 0
    if (before.stopped_at, before.resumed_at) == (data.stopped_at, data.resumed_at):
        if data.withheld <= count:
            return None
        reasons = _list_withheld(data)
    elif data.resumed_at is None:
        reasons = [message("problem.stop-again", since=data.stopped_at), *_list_evidence(data)]
    else:
        rest = _list_withheld(data) if data.withheld > count else []
        reasons = [message("problem.stop-over", since=data.resumed_at), *rest]
    changes = {
        "stopped_at": data.stopped_at,
        "resumed_at": data.resumed_at,
        "last_at": event.time,
        "withheld": max(count, data.withheld),
    }
    after = before.model_copy(update=changes)
    items = tuple(after if item is before else item for item in register.unreported)
    change = describe_change(after, reasons, event.id, event.time, event.id)
    return decide_register(register.model_copy(update={"unreported": items}), desk, [change])


def _open(event: Event[StopReported], desk: Desk) -> Problem:
    """Which service it is about is not known; a team that the charter does not have any more hands
    it to the default team."""
    data = event.data
    owner = desk.charter.find_team(data.team) or desk.charter.owner_of("")
    facts: dict[str, Param] = {"fix": data.title, "count": data.target_count}
    parties: dict[str, Param] = {"fix": data.title, "team": owner.title}
    words = {
        StopKind.FLEET: (
            message("problem.stopped-fleet", **facts),
            message("problem.stopped-notice", **parties),
        ),
        StopKind.RING: (
            message("problem.stopped-ring", **facts),
            message("problem.stopped-notice", **parties),
        ),
        StopKind.BREAKER: (
            message("problem.stopped-breaker", **facts),
            message("problem.breaker-notice", **parties),
        ),
    }
    title, notice = words[data.kind]
    problem = propose(event, owner, title=title, notice=notice)
    return problem.model_copy(
        update={"stop": data.kind, "stopped_at": data.stopped_at, "withheld": data.withheld}
    )


def _list_evidence(data: StopReported) -> list[Message]:
    """Why it was stopped, in numbers, where, and what waits for it."""
    evidence = list(data.explanation)
    if data.targets and data.kind is not StopKind.FLEET:  # the reason of its stop names them
        named = list(data.targets[:_MOST_NAMED])
        evidence.append(message("problem.stopped-at", targets=named, count=data.target_count))
    if data.waiting:
        evidence.append(message("problem.stopped-waiting", count=data.waiting))
    return [*evidence, *_list_withheld(data)]


def _list_withheld(data: StopReported) -> list[Message]:
    """What has no ticket of its own, since its cause has one already."""
    if not data.withheld:
        return []
    named = list(data.withheld_at[-_MOST_NAMED:])
    facts: dict[str, Param] = {"count": data.withheld, "targets": named}
    return [message("problem.stop-withheld", since=data.stopped_at, **facts)]
