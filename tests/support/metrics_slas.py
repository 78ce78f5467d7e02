"""Shared by tests: metrics, slas."""

from collections.abc import Iterable
from functools import reduce
from random import Random

from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_metrics.sla.model import TicketClocks, evolve
from hypothesis import strategies as st

from tests.support.metrics_histories import TICKET

randoms = st.integers(min_value=0, max_value=2**48).map(Random)


def folded(events: Iterable[AnyEvent], state: TicketClocks | None = None) -> TicketClocks:
    return reduce(evolve, events, state or TicketClocks(ticket=TICKET))


Audience = dict[tuple[object, ...], tuple[str, object]]


def heard(events: Iterable[Event[Payload]]) -> Audience:
    """What somebody believes who knows only the SLA events, in the order they were told."""
    believed: Audience = {}
    for event in events:
        data = event.data.model_dump()
        key = tuple(data[name] for name in ("clock", "policy", "policy_version", "cycle", "team"))
        what = event.type.split(".")[2]
        is_running = what in {"started", "resumed", "at-risk"}
        believed[key] = ("running" if is_running else what, data.get("due"))
    return {key: state for key, state in believed.items() if state[0] != "cancelled"}
