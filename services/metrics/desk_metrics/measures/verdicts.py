"""Verdicts: how many SLAs were met.

- `sla_met` (share): met / (met + breached), over all clocks and for each. Each SLA counts
  once, on the day of its verdict: the due moment for a breached one, the fulfilment for a met one.
  Withdrawn SLAs have none. The policy that was in force at the time judges.
"""

from collections.abc import Iterable, Iterator

from desk_metrics.measures.contributions import Contribution
from desk_metrics.sla.model import Emitted
from desk_metrics.sla.transitions import TransitionKind

MET, BREACHED = "met", "breached"


def contribute_verdicts(emitted: Iterable[Emitted]) -> Iterator[Contribution]:
    """One contribution for each SLA that has a verdict now."""
    for sla in emitted:
        moments = {kind: moment[0] for kind, moment in sla.marks}
        if TransitionKind.CANCELLED in moments:
            continue
        for kind, measure in ((TransitionKind.BREACHED, BREACHED), (TransitionKind.MET, MET)):
            if (at := moments.get(kind)) is not None:
                yield Contribution(f"{measure}:{sla.clock}", at, at)
                break
