"""How often each term came in the past, and how unusual a count is beside that.

A count is compared with the negative binomial distribution: a Poisson count whose rate is itself
uncertain, by how little was seen of the past (Gamma prior) and by how much rates vary from day to
day. So a desk without a past says little, and one with weeks of it says much.
"""

import base64
import math
import struct
import zlib
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

# A term that never came is taken to be in one ticket of twenty, until ten tickets say otherwise.
_PRIOR_COUNT, _PRIOR_TICKETS = 0.5, 10.0
# Rates vary from day to day by about a third (1 / sqrt(8)), however well the mean is known.
_STEADINESS = 8.0
# More terms than that are not kept; of the others the least count of those kept is assumed.
MOST_TERMS = 65_536
# Half of what was counted is forgotten when so many tickets were: a desk changes.
MOST_TICKETS = 400_000
# So many tickets of the same hour of the week weigh as much as all other hours together.
_HOUR_WEIGHT = 50.0
MOST_HOURS = 16_384
_ENTRY, _HEAD = struct.Struct("<If"), struct.Struct("<ddI")
# Stands for every ticket, whatever is in it.
_ALL = 0


class Rates:
    """Counts of terms over the tickets of the past. Not changed after it was read or folded."""

    def __init__(
        self, tickets: float, floor: float, counts: dict[int, float], hours: dict[int, float]
    ) -> None:
        self.tickets, self.floor, self._counts, self._hours = tickets, floor, counts, hours

    def count(self, term: int) -> float:
        """In how many of the past tickets it was."""
        return self._counts.get(term, self.floor)

    def share(self, term: int) -> float:
        """The share of tickets that have it, as far as the past tells."""
        return (self.count(term) + _PRIOR_COUNT) / (self.tickets + _PRIOR_TICKETS)

    def surprise(self, term: int, count: int, tickets: float, hour: int) -> float:
        """-log10 of the probability that so many or more of `tickets` have it by chance.

        Of services and categories the same hour of past weeks counts before the other hours.
        """
        share, familiar = self.share(term), self.count(term) + _PRIOR_COUNT
        if seen := self._hours.get(_number_hour(term, hour)):
            alike = self._hours.get(_number_hour(_ALL, hour), 0.0)
            share = (seen + _HOUR_WEIGHT * share) / (alike + _HOUR_WEIGHT)
            familiar = min(familiar, seen + _HOUR_WEIGHT * share)
        return surprise_of(count, tickets * share, familiar)

    def count_in(self, tickets: Iterable[tuple[frozenset[int], Iterable[int], int]]) -> "Rates":
        """With more tickets of the past: all terms, those counted by the hour, the hour of week."""
        counts, hours, total, floor = (
            dict(self._counts),
            dict(self._hours),
            self.tickets,
            self.floor,
        )
        for terms, keys, hour in tickets:
            total += 1
            for term in terms:
                counts[term] = counts.get(term, floor) + 1
            for term in (_ALL, *keys):
                timed = _number_hour(term, hour)
                hours[timed] = hours.get(timed, 0.0) + 1
        if total > MOST_TICKETS:
            total, floor = total / 2, floor / 2
            counts = {term: count / 2 for term, count in counts.items()}
            hours = {term: count / 2 for term, count in hours.items()}
        if len(counts) > MOST_TERMS:
            kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            kept = kept[: MOST_TERMS * 3 // 4]
            floor, counts = max(floor, kept[-1][1]), dict(kept)
        if len(hours) > MOST_HOURS:
            often = sorted(hours.items(), key=lambda item: (-item[1], item[0]))
            hours = dict(often[: MOST_HOURS * 3 // 4])
        return Rates(total, floor, counts, hours)

    def pack(self) -> str:
        """As text for the store."""
        head = _HEAD.pack(self.tickets, self.floor, len(self._counts))
        items = (*sorted(self._counts.items()), *sorted(self._hours.items()))
        body = b"".join(_ENTRY.pack(*item) for item in items)
        return base64.b85encode(head + zlib.compress(body, 1)).decode()


NO_PAST = Rates(0.0, 0.0, {}, {})


@lru_cache(maxsize=4)
def unpack(packed: str) -> Rates:
    """What `pack` wrote; nothing, for no text."""
    if not packed:
        return NO_PAST
    data = base64.b85decode(packed)
    tickets, floor, terms = _HEAD.unpack_from(data)
    items = list(_ENTRY.iter_unpack(zlib.decompress(data[_HEAD.size :])))
    return Rates(tickets, floor, dict(items[:terms]), dict(items[terms:]))


def _number_hour(term: int, hour: int) -> int:
    """One number for a term in an hour of the week."""
    return (term * 168 + hour) * 2_654_435_761 % (1 << 32)


def surprise_of(count: int, mean: float, familiar: float) -> float:
    """-log10 P(X >= count) where X has this mean, and a rate known from `known` past counts."""
    if mean <= 0 or count <= mean:
        return 0.0
    shape = 1 / (1 / familiar + 1 / _STEADINESS)
    chance = mean / (mean + shape)
    log_term = (
        math.lgamma(count + shape)
        - math.lgamma(shape)
        - math.lgamma(count + 1)
        + shape * math.log1p(-chance)
        + count * math.log(chance)
    )
    # The terms fall by a factor that tends to `chance`: a geometric series bounds what is left.
    total, term, number = 1.0, 1.0, count
    while number < count + 400:
        term *= chance * (number + shape) / (number + 1)
        total += term
        number += 1
        if term < total * 1e-6:
            break
    return max(0.0, -(log_term + math.log(total)) / math.log(10))


def hour_of_week(at: datetime) -> int:
    """0 for Monday's first hour in UTC, 167 for Sunday's last."""
    return at.weekday() * 24 + at.hour
