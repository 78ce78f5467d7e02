"""An event reaches the documents of a projection, without a bus."""

from collections.abc import Iterable

from desk_contracts import AnyEvent
from desk_contracts.chain_keys import read_chain_keys
from desk_kernel import Context, Decision
from desk_platform.kafka import Projection, UnitOfWork
from desk_platform.kafka.unit_of_work import Cause, WorkItem
from desk_platform.store.document import S

CHAIN_KEYS = read_chain_keys("the engine's own, of thirty-two characters")


async def apply_event(
    unit_of_work: UnitOfWork[S], projection: Projection[S], event: AnyEvent
) -> None:
    """The event changes all documents that it is about."""

    def rule(state: S | None, context: Context) -> Decision[S] | None:
        return projection.react(state, event, context)

    tasks = [WorkItem(key, rule, Cause(event.id)) for key in projection.keys(event)]
    await unit_of_work.run(tasks, refuse_failures)


async def refuse_failures(failures: Iterable[tuple[object, Exception]]) -> None:
    """The first of them ends the test."""
    for _, error in failures:
        raise error
