"""Whatever is done to a log, an audit says so; what the desk itself does is no fault."""

from dataclasses import replace
from datetime import timedelta

import pytest
from desk_cli.run_log import RunFindings, RunLog
from desk_contracts.chain import SEAL, seal_of
from desk_contracts.chain_keys import ChainKeys
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.automation_engine import (
    Engine,
    act,
    guard,
    measured,
    raised,
    runbook,
)
from tests.support.automation_units import CHAIN_KEYS
from tests.support.run_chains import (
    BOTH,
    KEY,
    NEWER,
    PLACES,
    Record,
    check,
    checkpoints,
    sealed_log,
)

RUNS = ("run-a", "run-b")
LOG = sealed_log(RUNS)
SEEN = checkpoints(LOG)
places = st.integers(0, len(LOG) - 1)


@given(places, st.integers(0, 4_000), st.integers(1, 255))
@example(0, 0, 1)
@example(len(LOG) - 1, 3_999, 255)
def test_any_other_byte_is_found(place: int, at: int, change: int) -> None:
    value = bytearray(LOG[place].value or b"")
    value[at % len(value)] ^= change
    findings = check(
        [*LOG[:place], replace(LOG[place], value=bytes(value)), *LOG[place + 1 :]], SEEN
    )
    assert [fault.kind for fault in findings.faults] == ["changed"]
    assert f"/0/{place}" in findings.faults[0].text


@given(places, st.integers(0, len(LOG)), st.integers(0, 4_000), st.integers(1, 255))
@example(0, 1, 0, 1)
@example(3, 3, 9, 1)
def test_any_other_byte_is_found_wherever_the_key_is_changed(
    place: int, after: int, at: int, change: int
) -> None:
    whole = sealed_log(RUNS, after)
    assert check(whole, checkpoints(whole), keys=BOTH).is_clean
    value = bytearray(whole[place].value or b"")
    value[at % len(value)] ^= change
    log = [*whole[:place], replace(whole[place], value=bytes(value)), *whole[place + 1 :]]
    findings = check(log, checkpoints(whole), keys=BOTH)
    assert [fault.kind for fault in findings.faults] == ["changed"]
    assert f"/0/{place}" in findings.faults[0].text


@given(st.sets(places), st.integers(0, len(LOG)), st.booleans())
@example(set(), 3, True)
@example({0}, 3, False)
def test_without_a_key_an_audit_never_calls_a_log_whole_nor_what_it_sealed_forged(
    gone: set[int], after: int, has_newer: bool
) -> None:
    whole = sealed_log(RUNS, after)
    log = [record for record in whole if record.offset not in gone]
    keys = ChainKeys(NEWER if has_newer else KEY)
    findings = check(log, checkpoints(whole), keys=keys)
    unknown = [record for record in log if (record.offset >= after) != has_newer]
    assert findings.unverified_count == len(unknown)
    assert not (unknown and findings.is_clean)
    assert not {"changed", "forked", "rewritten"} & {fault.kind for fault in findings.faults}
    # A missing one is named or lies among what cannot be verified; without a gap nothing is wrong.
    assert bool(gone) or not findings.faults


@given(places, st.sampled_from(["ce_id", "ce_type", "ce_source", "ce_time", SEAL]))
@example(0, SEAL)
def test_any_other_header_is_found(place: int, name: str) -> None:
    headers = [(each, b"x" if each == name else value) for each, value in LOG[place].headers]
    findings = check([*LOG[:place], replace(LOG[place], headers=headers), *LOG[place + 1 :]], SEEN)
    assert findings.faults


@given(st.sets(places, min_size=1))
@example({len(LOG) - 1})
@example({place for place in range(len(LOG)) if place % 2})
def test_whatever_is_removed_is_missed_in_its_run(gone: set[int]) -> None:
    findings = check([record for record in LOG if record.offset not in gone], SEEN)
    assert {fault.chain for fault in findings.faults} == {RUNS[place % 2] for place in gone}


@given(places, places)
@example(0, 2)
def test_two_that_change_places_are_found_if_they_are_of_one_run(first: int, second: int) -> None:
    log = list(LOG)
    log[first], log[second] = log[second], log[first]
    is_sorted = all(numbers_of(log, run) == sorted(numbers_of(log, run)) for run in RUNS)
    assert (check(log, SEEN).faults == []) == is_sorted


@given(st.lists(places, max_size=20))
@example([0, 0, 7])
def test_repeats_are_never_a_fault(again: list[int]) -> None:
    findings = check([*LOG, *(LOG[place] for place in again)], SEEN)
    assert (findings.faults, findings.repeats) == ([], len(again))


@given(st.integers(1, 9))
@example(3)
def test_how_checkpoints_are_cut_makes_no_difference(every: int) -> None:
    findings = check(LOG, checkpoints(LOG, every))
    assert (findings.faults, findings.confirmed) == ([], len(RUNS) * PLACES)


def numbers_of(log: list[Record], run: str) -> list[int]:
    seals = [seal_of(record) for record in log]
    return [seal.number for seal in seals if seal is not None and seal.chain == run]


@pytest.mark.parametrize("number", range(1, 20))
@pytest.mark.parametrize("is_before", [True, False])
async def test_a_worker_that_dies_leaves_a_whole_chain(number: int, is_before: bool) -> None:
    engine = Engine((runbook(steps=[act("keyed")], guards=[guard()]),))
    if is_before:
        engine.boundary.before = number
    else:
        engine.boundary.after = number
    await engine.hear(raised())
    for _ in range(9):
        await engine.settle(timedelta(seconds=5))
        await engine.hear(measured(40.0, engine.clock.now()))
    findings = audit(engine)
    assert findings.faults == []
    assert (findings.chains, findings.unsealed) == (1, 0)
    run = await engine.run()
    assert run.link.number == findings.transitions == len(engine.emitted())


def audit(engine: Engine) -> RunFindings:
    log = RunLog(CHAIN_KEYS, None)
    for offset, message in enumerate(engine.bus.messages):
        log.add(Record(message.topic, 0, offset, message.key, message.value, message.headers))
    return log.findings()
