"""How problems are kept and searched, and fed by triage's events."""

from collections.abc import Iterable

from desk_contracts import AnyEvent
from desk_contracts import names as topics
from desk_kernel import Context, Decision
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_intake.status.model import KnownProblem, apply

PROBLEMS = Schema(
    collection="problems",
    model=KnownProblem,
    facets=lambda problem: {
        "open": problem.is_open and problem.is_confirmed,
        "since": problem.since,
    },
    searched=(("open", "since"),),
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
