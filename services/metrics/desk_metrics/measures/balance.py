"""Balances: what a bucket leaves in the backlog, told in a few numbers.

A backlog has a history, all of it; whoever asks for one week must not read ten years. So a bucket
is kept with its own balance, worked out anew with every write of it.
"""

from typing import NamedTuple

from desk_contracts.rfc3339 import EARLIEST
from pydantic import TypeAdapter

from desk_metrics.measures.contributions import Contribution
from desk_metrics.measures.flow import ARRIVALS, DEPARTURES
from desk_metrics.measures.rollups import Bucket
from desk_metrics.sla.worktime import micros

_EARLIEST = micros(EARLIEST)


class Move(NamedTuple):
    """Tickets that came, less those that went, of one slice; `since` adds up when each came."""

    kind: str
    service: str
    team: str
    site: str
    tickets: int
    since: int


class Balance(NamedTuple):
    """What moved in a bucket, true as known at any moment from `known_from` on (microseconds)."""

    known_from: int = 0
    moves: tuple[Move, ...] = ()

    @property
    def is_believed(self) -> bool:
        """Not one of before times were bounded, which may add up moments of year 1."""
        return all(move.since // move.tickets >= _EARLIEST for move in self.moves if move.tickets)


_Slice = tuple[str, str, str, str]
_JSON = TypeAdapter(Balance)


def balance_of(bucket: Bucket) -> Balance:
    """The sums over all entries, slices in order, so that equal buckets have equal balances."""
    known_from, net = 0, dict[_Slice, tuple[int, int]]()
    for entry in bucket.entries:
        slice_ = entry.slice[:4]
        for contribution in entry.believed:
            if not (sign := sign_of(contribution)):
                continue
            known_from = max(known_from, contribution.known_at)
            count, since = net.get(slice_, (0, 0))
            came = contribution.at - contribution.amount
            net[slice_] = (count + sign, since + sign * came)
    moved = sorted((slice_, sums) for slice_, sums in net.items() if sums != (0, 0))
    return Balance(known_from, tuple(Move(*slice_, *sums) for slice_, sums in moved))


def sign_of(contribution: Contribution) -> int:
    """How many tickets it adds to the backlog."""
    if contribution.measure == ARRIVALS:
        return contribution.weight
    return -contribution.weight if contribution.measure == DEPARTURES else 0


def write_balance(balance: Balance) -> str:
    """As a store keeps it beside the bucket."""
    return _JSON.dump_json(balance).decode()


def read_balance(text: str) -> Balance:
    """The other way round."""
    return _JSON.validate_json(text)
