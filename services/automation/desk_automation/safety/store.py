"""How the locks of targets, the statistics of runbooks and the stop of all acting are kept."""

from collections.abc import Iterable

from desk_contracts import Event
from desk_contracts.events.tickets import TicketStarted
from desk_kernel import Context, Decision, Readings, Reducers
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_automation.safety.global_stop import GlobalStop
from desk_automation.safety.statistics import RunbookStatistics
from desk_automation.safety.target import Taking, Target, take

TARGETS = Schema(
    collection="targets",
    model=Target,
    kept="one for each target",
)
STATISTICS = Schema(
    collection="runbooks",
    model=RunbookStatistics,
    remembered=100,
    kept="one for each runbook",
)
STOPS = Schema(
    collection="stops",
    model=GlobalStop,
    kept="one",
)


def target_projection(documents: Documents[Target]) -> Projection[Target]:
    """A person who begins to work on a device's ticket has the device; its runs stop at once."""

    keys: Readings[Iterable[str]] = Readings(())
    react: Reducers[Target | None, [Context], Decision[Target] | None] = Reducers(
        lambda _target, _event, _context: None
    )

    @keys.on(TicketStarted)
    def find_device(event: Event[TicketStarted]) -> Iterable[str]:
        return (event.data.device,) if event.data.device else ()

    @react.on(TicketStarted)
    def take_device(
        target: Target | None, event: Event[TicketStarted], context: Context
    ) -> Decision[Target]:
        taking = Taking(by=event.data.by, ticket=event.subject, at=event.time)
        return Decision(take(target, taking), due=context.now)

    return Projection(documents, keys, react)
