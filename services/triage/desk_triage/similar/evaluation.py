"""How well similar tickets are found: recall at 1, 5 and 10 on pairs that people marked."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from desk_contracts.errors import Invalid

RANKS = (1, 5, 10)


class EvaluatedTicket(NamedTuple):
    """A ticket of a test set."""

    id: str
    title: str
    description: str


class Pairs(NamedTuple):
    """A test set: its tickets, and for each query the tickets that say the same."""

    tickets: tuple[EvaluatedTicket, ...]
    matches: Mapping[str, frozenset[str]]

    def sample(self, most: int) -> tuple[str, ...]:
        """At most so many queries, evenly spread over all of them in the order of their ids."""
        queries = sorted(self.matches)
        step = max(1, math.ceil(len(queries) / most))
        return tuple(queries[::step])


class Measured(NamedTuple):
    """What a search came to: a query counts if any of its matches is among the first so many."""

    recall: Mapping[int, float]
    # Mean of one divided by the place of the first match; 0 where none is among the first ten.
    reciprocal_rank: float
    # Seconds at the median and the 95th percentile.
    p50: float
    p95: float


def read_pairs(tickets: Iterable[Mapping[str, str]], pairs: Iterable[Mapping[str, str]]) -> Pairs:
    """The test set of two tables; `Invalid` says which row is wrong and what it needs."""
    by_id: dict[str, EvaluatedTicket] = {}
    for number, row in enumerate(tickets, 2):
        id = (row.get("id") or "").strip()
        if not id or id in by_id:
            raise Invalid(
                f"tickets.csv, row {number}: it needs an 'id' that no other row has, not '{id}'"
            )
        by_id[id] = EvaluatedTicket(id, row.get("title") or "", row.get("description") or "")
    matches: dict[str, set[str]] = {}
    for number, row in enumerate(pairs, 2):
        query, match = ((row.get(name) or "").strip() for name in ("query", "match"))
        for id in (query, match):
            if id not in by_id:
                raise Invalid(f"pairs.csv, row {number}: tickets.csv has no ticket '{id}'")
        if query == match:
            raise Invalid(f"pairs.csv, row {number}: '{query}' is paired with itself; remove it")
        matches.setdefault(query, set()).add(match)
    if not matches:
        raise Invalid("pairs.csv has no pairs, so there is nothing to measure")
    return Pairs(tuple(by_id.values()), {query: frozenset(ids) for query, ids in matches.items()})


def measure(
    results: Mapping[str, Sequence[str]],
    matches: Mapping[str, frozenset[str]],
    took: Sequence[float],
) -> Measured:
    """What each query's ids, the best first, are worth; `took` are seconds, one for each query."""
    places = [
        next((place for place, id in enumerate(ids, 1) if id in matches[query]), None)
        for query, ids in results.items()
    ]
    hits = [place for place in places if place is not None and place <= RANKS[-1]]
    ordered = sorted(took)
    return Measured(
        recall={rank: sum(place <= rank for place in hits) / len(places) for rank in RANKS},
        reciprocal_rank=sum(1 / place for place in hits) / len(places),
        p50=_percentile(ordered, 50),
        p95=_percentile(ordered, 95),
    )


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """The value that so many per cent do not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
