"""How demands are kept, and fed by what people say."""

from collections.abc import Iterable

from desk_contracts import AnyEvent
from desk_kernel import Context, Decision
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_intake.demands.decide import add_vote, demand_of, remind_of_demand
from desk_intake.demands.model import Demand

DEMANDS = Schema(
    collection="demands",
    model=Demand,
    # Stores list in ascending order: those with the most votes first.
    facets=lambda demand: {"answered": demand.answer is not None, "rank": -demand.votes},
    searched=(("answered", "rank"),),
    kept="one for each demand, always: its answer is public",
)


def demands_projection(documents: Documents[Demand]) -> Projection[Demand]:
    """A document for each thing that is missing or can go."""

    def keys(event: AnyEvent) -> Iterable[str]:
        demand = demand_of(event)
        return (demand,) if demand else ()

    def react(demand: Demand | None, event: AnyEvent, _context: Context) -> Decision[Demand] | None:
        after = add_vote(demand, event)
        if after is None or after is demand:
            return None
        return Decision(after, due=after.reminder_due)

    def on_timer(demand: Demand | None, context: Context) -> Decision[Demand] | None:
        return None if demand is None else remind_of_demand(demand, context.now)

    return Projection(documents, keys=keys, react=react, on_timer=on_timer)
