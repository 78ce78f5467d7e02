"""Random histories: the real reckoning agrees with the simple one, and order never matters.

`DESK_HISTORIES` sets how many histories are compared with the reference (1,500 if not set).
"""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random

import pytest
from desk_contracts.envelope import Event, Payload
from desk_contracts.events.sla import SlaAtRisk
from desk_kernel import Decision
from desk_metrics.sla.decide import decide
from desk_metrics.sla.explanation import Explanation, Status, explain
from desk_metrics.sla.model import TicketClocks, evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.support.metrics_histories import TICKET, History, history
from tests.support.metrics_reference import Reference, walked
from tests.support.metrics_slas import folded, heard, randoms
from tests.support.metrics_transitions import SlaTransition

HISTORIES = int(os.environ.get("DESK_HISTORIES", "1500"))
BATCH = 50
STORED = TypeAdapter(TicketClocks)


def transitions_of(events: Iterable[Event[Payload]]) -> list[SlaTransition]:
    transitions = []
    for event in events:
        data = event.data.model_dump()
        what = event.type.split(".")[2].replace("-", "_")
        if isinstance(event.data, SlaAtRisk):
            what += f":{event.data.percent}"
        transitions.append(
            (
                data["clock"],
                data["cycle"],
                data["team"],
                data["policy"],
                data["policy_version"],
                what,
                event.time,
            )
        )
    return transitions


@pytest.mark.parametrize("batch", range(-(-HISTORIES // BATCH)))
def test_random_histories_agree_with_the_simple_reference(batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        agree(history(Random(seed), steps=700), seed)  # noqa: S311


def agree(sample: History, seed: int) -> None:
    expected = walked(sample.events, sample.editions, sample.unit, sample.now)
    state = folded(sample.events)
    decision = decide(state, sample.book, sample.now)
    assert sorted(transitions_of(decision.events)) == sorted(expected.transitions), (
        f"history {seed}"
    )
    explained = explain(state, sample.book, sample.now)
    assert sorted(rows(explained)) == sorted(expected_rows(expected)), f"history {seed}"
    assert sorted(dues(explained, sample.now)) == sorted(expected_dues(expected)), f"history {seed}"


def rows(explained: Sequence[Explanation]) -> list[tuple[object, ...]]:
    return [
        (
            item.clock,
            item.cycle,
            item.team,
            item.policy,
            item.policy_version,
            item.applies,
            item.ends is None,
            item.ends or item.applies,
            "running" if item.status is Status.PAUSED else item.status,
            item.used,
        )
        for item in explained
    ]


def expected_rows(reference: Reference) -> list[tuple[object, ...]]:
    return [
        (
            vow.debt.clock,
            vow.debt.cycle,
            vow.debt.team,
            vow.policy.name,
            vow.version,
            vow.applies,
            vow.end is None,
            vow.end or vow.applies,
            vow.status,
            vow.used * reference.unit,
        )
        for vow in reference.vows
    ]


def dues(explained: Sequence[Explanation], now: datetime) -> list[tuple[object, ...]]:
    """The due instants that were reached."""
    return [
        (item.clock, item.cycle, item.team, item.applies, item.policy, item.due)
        for item in explained
        if item.due is not None and item.due <= (item.ends or now)
    ]


def expected_dues(reference: Reference) -> list[tuple[object, ...]]:
    return [
        (vow.debt.clock, vow.debt.cycle, vow.debt.team, vow.applies, vow.policy.name, vow.due)
        for vow in reference.vows
        if vow.due is not None
    ]


@settings(max_examples=100, deadline=None)
@given(randoms)
def test_a_due_instant_in_the_future_is_where_the_reference_gets_to(random: Random) -> None:
    sample = history(random, steps=300)
    explained = explain(folded(sample.events), sample.book, sample.now)
    horizon = sample.now + 700 * sample.unit
    expected = walked(sample.events, sample.editions, sample.unit, horizon)
    reached = {
        (vow.debt.clock, vow.debt.team, vow.debt.cycle, vow.applies, vow.policy.name): vow.due
        for vow in expected.vows
        if vow.end is None
    }
    for item in explained:
        key = (item.clock, item.team, item.cycle, item.applies, item.policy)
        if key in reached:
            assert reached[key] == (item.due if item.due and item.due <= horizon else None)


@settings(max_examples=80, deadline=None)
@given(randoms, st.data())
def test_arrival_order_and_duplicates_do_not_change_the_state(
    random: Random, data: st.DataObject
) -> None:
    sample = history(random, steps=300)
    arrivals = data.draw(st.permutations([*sample.events, *sample.events[::2]]))
    assert folded(arrivals) == folded(sample.events)


@settings(max_examples=80, deadline=None)
@given(randoms, st.data())
def test_whatever_the_arrival_order_the_audience_ends_up_with_the_truth(
    random: Random, data: st.DataObject
) -> None:
    sample = history(random, steps=300)
    book = sample.book
    arrivals = data.draw(st.permutations([*sample.events, *sample.events[::3]]))
    state, everything = TicketClocks(ticket=TICKET), list[Event[Payload]]()
    for event in arrivals:
        state = evolve(state, event)
        if data.draw(st.booleans()):
            # Live: the clock on the wall is past everything that has arrived.
            state, events, _ = decide(state, book, sample.now)
            everything += events
    last = decide(state, book, sample.now)
    everything += last.events
    assert heard(everything) == heard(decide(folded(sample.events), book, sample.now).events)
    assert len({event.id for event in everything}) == len(everything)
    assert decide(last.state, book, sample.now).events == ()


def lived_through(sample: History) -> tuple[list[Event[Payload]], TicketClocks]:
    """Every event handled at its time, and every timer at its own."""
    book, state = sample.book, TicketClocks(ticket=TICKET)
    everything: list[Event[Payload]] = []
    timer: datetime | None = None

    def at(now: datetime) -> None:
        nonlocal state, timer
        state, events, timer = decide(state, book, now)
        everything.extend(events)

    for event in sample.events:
        while timer is not None and timer < event.time:
            at(timer)
        state = evolve(state, event)
        at(event.time)
    while timer is not None and timer <= sample.now:
        at(timer)
    at(sample.now)
    return everything, state


@settings(max_examples=80, deadline=None)
@given(randoms)
def test_living_through_it_and_replaying_it_say_the_same(random: Random) -> None:
    sample = history(random, in_order=True, steps=600)
    events, state = lived_through(sample)
    replayed = decide(folded(sample.events), sample.book, sample.now)
    assert events == list(replayed.events)
    assert state == replayed.state


@settings(max_examples=80, deadline=None)
@given(randoms)
def test_a_timer_is_the_first_instant_at_which_something_is_said(random: Random) -> None:
    sample = history(random, steps=600)
    book = sample.book
    decision = decide(folded(sample.events), book, sample.now)
    for _ in range(5):
        if decision.due is None:
            return
        assert decision.due > sample.now
        before = decide(
            decision.state, book, decision.due - timedelta(milliseconds=1, microseconds=1)
        )
        assert before.events == ()
        decision = fired(decision, sample)


def fired(decision: Decision[TicketClocks], sample: History) -> Decision[TicketClocks]:
    assert decision.due is not None
    after = decide(decision.state, sample.book, decision.due)
    turns = {edition.since for edition in sample.editions}
    assert after.events or decision.due in turns
    return after


@settings(max_examples=80, deadline=None)
@given(randoms)
def test_the_counted_stretches_add_up_and_leave_no_gap(random: Random) -> None:
    sample = history(random)
    for item in explain(folded(sample.events), sample.book, sample.now):
        lengths = [stretch.end - stretch.start for stretch in item.explanation if stretch.counted]
        assert sum(lengths, timedelta(0)) == item.used
        assert item.used + item.remaining - item.overrun == item.target
        assert min(item.used, item.remaining, item.overrun, item.held) >= timedelta(0)
        for before, after in zip(item.explanation, item.explanation[1:], strict=False):
            assert before.end == after.start
            assert (before.why, before.message) != (after.why, after.message)
        if item.explanation:
            assert item.explanation[-1].end == (item.ends or sample.now)


@settings(max_examples=100, deadline=None)
@given(randoms)
def test_clocks_survive_the_store(random: Random) -> None:
    sample = history(random, steps=300)
    state = decide(folded(sample.events), sample.book, sample.now).state
    assert STORED.validate_json(STORED.dump_json(state)) == state
