"""Verdicts: how many promises were kept.

- `promises_kept` (share): kept / (kept + broken), over all clocks and for each. Each promise counts
  once, on the day of its verdict: the due moment for a broken one, the fulfilment for a kept one.
  Withdrawn promises have none. The policy that was in force at the time judges.
"""

from collections.abc import Iterable, Iterator

from desk_metrics.domain.clocks import Told
from desk_metrics.domain.measures.postings import Posting
from desk_metrics.domain.sayings import Saying

KEPT, BROKEN = "kept", "broken"


def verdicts_of(told: Iterable[Told]) -> Iterator[Posting]:
    """One posting for each promise that has a verdict now."""
    for one in told:
        said = {what: moment[0] for what, moment in one.said}
        if Saying.WITHDRAWN in said:
            continue
        for saying, measure in ((Saying.BREACHED, BROKEN), (Saying.KEPT, KEPT)):
            if (at := said.get(saying)) is not None:
                yield Posting(f"{measure}:{one.clock}", at, at)
                break
