"""What goes with a broken SLA, by the log's own verdicts: hand-overs, priority, month."""

from collections.abc import Mapping

from desk_contracts.frozen import Frozen

from desk_metrics.history.quotients import share_of
from desk_metrics.history.tallies import OFTEN, Tallies, VerdictTally


class BreachGroup(Frozen):
    """The tickets of one group that the log has a verdict on; `share` = broken ÷ evaluated."""

    group: str
    evaluated: int
    broken: int
    share: float | None
    examples: tuple[str, ...]


class Breaches(Frozen):
    """All verdicts of the log on tickets that are over. Groups stand in their own order.

    `by_month` is the month of the opening, UTC. A share that is higher with more hand-overs says
    that the two go together, not that one makes the other.
    """

    evaluated: int
    broken: int
    share: float | None
    by_handovers: tuple[BreachGroup, ...]
    by_priority: tuple[BreachGroup, ...]
    by_month: tuple[BreachGroup, ...]


def describe_breaches(tallies: Tallies) -> Breaches | None:
    """None where the log tells no verdict."""
    all_ = tallies.verdicts
    evaluated = all_.kept + all_.broken
    if not evaluated:
        return None
    months = {name: month.verdicts for name, month in tallies.months.items()}
    # One row a ticket does not show whether it was handed on.
    handovers = tallies.by_handovers if tallies.has_updates else {}
    return Breaches(
        evaluated=evaluated,
        broken=all_.broken,
        share=share_of(all_.broken, evaluated),
        by_handovers=tuple(
            group.model_copy(update={"group": f"{group.group}+"})
            if group.group == str(OFTEN)
            else group
            for group in _list_groups(handovers)
        ),
        by_priority=_list_groups(tallies.by_priority),
        by_month=_list_groups(months),
    )


def _list_groups(tallies: Mapping[str, VerdictTally]) -> tuple[BreachGroup, ...]:
    return tuple(
        BreachGroup(
            group=name,
            evaluated=tally.kept + tally.broken,
            broken=tally.broken,
            share=share_of(tally.broken, tally.kept + tally.broken),
            examples=tally.examples.numbers,
        )
        for name, tally in sorted(tallies.items())
        if tally.kept + tally.broken
    )
