"""How the changes that are planned for services are kept."""

from collections.abc import Iterable

from desk_contracts import AnyEvent
from desk_contracts.events.changes import ChangeFinished, ChangePlanned
from desk_kernel import Context, Decision, Readings
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_automation.windows.decide import follow
from desk_automation.windows.model import PlannedChanges

PLANNED_CHANGES = Schema(
    collection="changes",
    model=PlannedChanges,
    kept="one for each service",
)


def project_planned_changes(documents: Documents[PlannedChanges]) -> Projection[PlannedChanges]:
    """What is announced of each service, and whether it is over."""

    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(ChangePlanned, ChangeFinished)
    def find_service(event: AnyEvent) -> Iterable[str]:
        return (event.subject,)

    def react(
        state: PlannedChanges | None, event: AnyEvent, _context: Context
    ) -> Decision[PlannedChanges] | None:
        after = follow(state, event)
        return None if after is None else Decision(after)

    return Projection(documents, keys, react)
