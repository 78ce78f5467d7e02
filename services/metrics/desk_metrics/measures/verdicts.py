"""Verdicts: how many SLAs were met.

- `sla_met` (share): met / (met + breached), over all clocks and for each. Each SLA counts
  once, on the day of its verdict: the due moment for a breached one, the fulfilment for a met one.
  Withdrawn SLAs have none. The policy that was in force at the time judges.
"""

from collections.abc import Iterable, Iterator

from desk_metrics.measures.contributions import Posting
from desk_metrics.sla.model import Told
from desk_metrics.sla.transitions import Saying

MET, BREACHED = "met", "breached"


def verdicts_of(told: Iterable[Told]) -> Iterator[Posting]:
    """One posting for each SLA that has a verdict now."""
    for one in told:
        said = {what: moment[0] for what, moment in one.said}
        if Saying.CANCELLED in said:
            continue
        for saying, measure in ((Saying.BREACHED, BREACHED), (Saying.MET, MET)):
            if (at := said.get(saying)) is not None:
                yield Posting(f"{measure}:{one.clock}", at, at)
                break
