"""How problems are kept and searched, and fed by triage's events."""

from collections.abc import Iterable

from desk_contracts import AnyEvent, Event
from desk_contracts import names as topics
from desk_contracts.events.changes import ChangeFinished, ChangePlanned, ChangeStarted
from desk_kernel import Context, Decision, Readings
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_intake.status.changes import KnownChange, apply_change, change_id
from desk_intake.status.model import KnownProblem, apply
from desk_intake.status.verdicts import DayVerdicts, count, part_of
from desk_intake.tickets.api.deps import LinkableProblem

PROBLEMS = Schema(
    collection="problems",
    model=KnownProblem,
    facets=lambda problem: {
        "open": problem.is_open and problem.is_confirmed,
        "since": problem.since,
    },
    searched=(("open", "since"),),
    kept="one for each problem, always: its tickets lead to it",
)


def problems_projection(documents: Documents[KnownProblem]) -> Projection[KnownProblem]:
    """What employees are told when they ask whether something is down."""

    def keys(event: AnyEvent) -> Iterable[str]:
        return (event.subject,) if event.topic == topics.PROBLEMS else ()

    def react(
        problem: KnownProblem | None, event: AnyEvent, _context: Context
    ) -> Decision[KnownProblem] | None:
        after = apply(problem, event)
        return None if after is None or after == problem else Decision(after)

    return Projection(documents, keys=keys, react=react)


CHANGES = Schema(
    collection="changes",
    model=KnownChange,
    facets=lambda change: {"over": change.finished_at is not None, "starts": change.starts},
    searched=(("over", "starts"),),
    kept="one for each announced change, always",
)

VERDICTS = Schema(
    collection="verdicts",
    model=DayVerdicts,
    kept="a fixed number for each day, always",
)

_changes_of: Readings[Iterable[str]] = Readings(())


@_changes_of.on(ChangePlanned, ChangeStarted, ChangeFinished)
def _find_change(event: Event[ChangePlanned | ChangeStarted | ChangeFinished]) -> Iterable[str]:
    return (change_id(event),)


def changes_projection(documents: Documents[KnownChange]) -> Projection[KnownChange]:
    """What people are told of maintenance and releases."""

    def react(
        change: KnownChange | None, event: AnyEvent, _context: Context
    ) -> Decision[KnownChange] | None:
        after = apply_change(change, event)
        return None if after is None or after == change else Decision(after)

    return Projection(documents, keys=_changes_of, react=react)


def verdicts_projection(documents: Documents[DayVerdicts]) -> Projection[DayVerdicts]:
    """How many SLAs were met on a day."""

    def react(
        day: DayVerdicts | None, event: AnyEvent, _context: Context
    ) -> Decision[DayVerdicts] | None:
        before = day or DayVerdicts()
        after = count(before, event)
        return None if after is before else Decision(after)

    return Projection(documents, keys=part_of, react=react)


async def find_linkable(problems: Documents[KnownProblem], id: str) -> LinkableProblem | None:
    """An open, confirmed problem as tickets are linked to it."""
    stored = (await problems.load([id])).get(id)
    problem = stored.read() if stored else None
    if problem is None or not (problem.is_open and problem.is_confirmed):
        return None
    return LinkableProblem(problem.title, problem.service, problem.team)
