"""A fix that automation needs too often is a problem of its owner, though nobody reports anything.

It is proposed: its owner says whether there is a cause to remove. While it is open, further reports
are counted in it; the next one after its end opens another.
"""

from desk_charter.people import Team
from desk_contracts import AnyEvent, Event
from desk_contracts.events.problems import ProblemStatus
from desk_contracts.events.trouble import RepeatedFixReported, StopReported
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, Param, message
from desk_kernel import Decision

from desk_triage.problems.decide import decide_register
from desk_triage.problems.events import describe_problem
from desk_triage.problems.joining import Desk
from desk_triage.problems.members import Members
from desk_triage.problems.model import Problem, ProblemRegister, Tally

# With so many open the register takes no more; the next report of a fix opens it when there is
# room.
MAX_REPEATED = 100


def add_repeated(
    register: ProblemRegister | None, event: Event[RepeatedFixReported], desk: Desk
) -> Decision[ProblemRegister] | None:
    """The problem of the fix, opened or counted on; None if there is no room for it."""
    register, data = register or ProblemRegister(), event.data
    before = next(
        (
            item
            for item in register.unreported
            if item.stop is None and (item.runbook, item.target) == (data.runbook, data.target)
        ),
        None,
    )
    if before is not None:
        changes = {"repeats": before.repeats + data.count, "last_at": event.time}
        counted = before.model_copy(update=changes)
        items = tuple(counted if item is before else item for item in register.unreported)
        return decide_register(register.model_copy(update={"unreported": items}), desk)
    if sum(item.stop is None for item in register.unreported) >= MAX_REPEATED:
        return None
    problem = _open(event, desk)
    events = _describe(problem, event, desk)
    items = (*register.unreported, problem)
    return decide_register(register.model_copy(update={"unreported": items}), desk, events)


def _open(event: Event[RepeatedFixReported], desk: Desk) -> Problem:
    """A team that the charter does not have any more hands it to who answers for the service."""
    data = event.data
    owner = desk.charter.find_team(data.team) or desk.charter.owner_of(data.service)
    return propose(
        event,
        owner,
        title=message("problem.repeated-title", fix=data.title),
        notice=message("problem.repeated-notice", fix=data.title, team=owner.title),
    ).model_copy(update={"service": data.service, "target": data.target, "repeats": data.count})


def propose(
    event: Event[RepeatedFixReported] | Event[StopReported],
    owner: Team,
    *,
    title: Message,
    notice: Message,
) -> Problem:
    """A problem of a runbook, without a single ticket; its owner says whether it is one."""
    return Problem(
        id=derive_id(event.id, "problem"),
        service="",
        title=title,
        team=owner.name,
        message=notice,
        status=ProblemStatus.PROPOSED,
        first_at=event.time,
        last_at=event.time,
        members=Members(),
        seed=0,
        worded_by=0,
        wording={},
        enough=0.0,
        tally=Tally(since=event.time),
        runbook=event.data.runbook,
    )


def _describe(problem: Problem, event: Event[RepeatedFixReported], desk: Desk) -> list[AnyEvent]:
    data = event.data
    days = message("count.days", count=data.days)
    facts: dict[str, Param] = {"count": data.count, "days": days, "fix": data.title}
    reasons = [
        message("problem.repeated-at", target=data.target, **facts)
        if data.target
        else message("problem.repeated-everywhere", **facts)
    ]
    if data.why:
        reasons.append(message("problem.repeated-why", why=data.why))
    return describe_problem(problem, reasons, desk.charter.version, event.time, event.id)
