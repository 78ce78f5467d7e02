"""Which ends of chains a checkpoint tells: the newest of each, soon, and at once of many."""

from datetime import UTC, datetime, timedelta

from desk_contracts.chain import Seal
from desk_contracts.events.checkpoints import ChainEnd, CheckpointTaken
from desk_metrics.checkpoints.decide import note_end, take_checkpoint
from desk_metrics.checkpoints.model import Chains

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def note(chains: Chains | None, chain: str, number: int) -> Chains:
    decision = note_end("c", chains, Seal(chain, number, "k", "", "", f"mac-{number}"), NOW)
    assert decision.due == NOW + timedelta(minutes=1)
    return decision.state


def test_the_newest_end_of_a_chain_counts_in_whatever_order_they_come() -> None:
    chains: Chains | None = None
    for number in (2, 3, 1, 3):
        chains = note(chains, "a", number)
    chains = note(chains, "b", 1)
    assert chains.ends == {
        "a": ChainEnd(chain="a", number=3, mac="mac-3"),
        "b": ChainEnd(chain="b", number=1, mac="mac-1"),
    }


def test_a_hundred_ends_are_told_at_once() -> None:
    chains: Chains | None = None
    for number in range(99):
        chains = note(chains, f"a{number}", 1)
    decision = note_end("c", chains, Seal("last", 1, "k", "", "", "mac"), NOW)
    [taken] = decision.events
    assert isinstance(taken.data, CheckpointTaken)
    assert (len(taken.data.ends), taken.data.number, taken.data.previous) == (100, 1, "")
    assert (decision.state.ends, decision.state.number, decision.due) == ({}, 1, None)
    assert take_checkpoint("c", decision.state, NOW).events == ()
