"""Keys of seals are changed while automation runs: who checks needs all of them, and says which."""

from datetime import timedelta

import pytest
from desk_contracts import AnyEvent
from desk_contracts.chain import SEAL, ChainKey, seal_of
from desk_contracts.chain_keys import ChainKeys, OlderKey, read_chain_keys
from desk_contracts.errors import Invalid
from desk_metrics.checkpoints.decide import note_end, take_checkpoint
from desk_metrics.checkpoints.model import Chains

from tests.support.run_chains import (
    AT,
    BOTH,
    KEY,
    NEWER,
    PLACES,
    Record,
    check,
    checkpoints,
    kinds,
    rewrite,
    sealed_log,
)

RUNS = ("run-a", "run-b")
OLD, NEW = "o" * 40, "n" * 40
MINUTE = timedelta(minutes=1)


def checkpoint_each(log: list[Record]) -> list[AnyEvent]:
    """One checkpoint a minute, after each record."""
    events, chains = list[AnyEvent](), Chains()
    for minute, record in enumerate(log):
        seal = seal_of(record)
        assert seal is not None
        at = AT + minute * MINUTE
        chains = note_end("0", chains, seal, at).state
        decision = take_checkpoint("0", chains, at)
        chains = decision.state
        events += decision.events
    return events


@pytest.mark.parametrize("after", range(2 * PLACES + 1))
def test_a_chain_goes_on_over_the_change_and_the_audit_says_which_keys(after: int) -> None:
    log = sealed_log(RUNS, after)
    findings = check(log, checkpoints(log), keys=BOTH)
    assert findings.is_clean
    assert findings.confirmed == findings.transitions == len(log)
    assert (findings.keys[KEY.id], findings.keys[NEWER.id]) == (after, len(log) - after)
    for key in (KEY, NEWER):
        assert (f"{key.id} ({findings.keys[key.id]})" in findings.summary()) == bool(
            findings.keys[key.id]
        )


def test_a_replica_that_hears_of_the_change_later_is_no_fault() -> None:
    log = sealed_log(["run-a"], 1, changed_back=[2])
    findings = check(log, checkpoints(log), keys=BOTH)
    assert findings.is_clean
    assert (findings.keys[KEY.id], findings.keys[NEWER.id]) == (2, PLACES - 2)


@pytest.mark.parametrize("keys", [ChainKeys(KEY), ChainKeys(NEWER)], ids=["old", "new"])
def test_without_one_of_the_keys_nothing_is_called_whole_or_forged(keys: ChainKeys) -> None:
    log = sealed_log(RUNS, 3)
    findings = check(log, checkpoints(log), keys=keys)
    missing = 3 if keys.find(KEY.id) is None else len(log) - 3
    assert (findings.faults, findings.is_clean) == ([], False)
    assert findings.unverified_count == missing
    assert {fault.kind for fault in findings.unverified} == {"unverified"}
    assert f"{missing} cannot be verified" in findings.summary()
    other = NEWER if keys.find(KEY.id) else KEY
    assert all(f"key {other.id} is not here" in fault.text for fault in findings.unverified)


def test_what_was_changed_is_named_on_both_sides_of_the_change() -> None:
    log = sealed_log(RUNS, 4)
    for place in (0, 6):
        forged = [*log]
        forged[place] = rewrite(log[place], b'"runbook":"clean"', b'"runbook":"clear"')
        assert kinds(check(forged, checkpoints(log), keys=BOTH)) == ["changed"]


def test_another_key_id_hides_nothing() -> None:
    """Who writes a key's id that nobody has over a seal makes it unverified, never whole."""
    log = sealed_log(["run-a"], 0)
    seal = seal_of(log[1])
    assert seal is not None
    hidden = seal._replace(key_id="00000000").text.encode()
    headers = [(name, hidden if name == SEAL else value) for name, value in log[1].headers]
    log[1] = Record(log[1].topic, 0, 1, log[1].key, log[1].value, headers)
    findings = check(log, keys=BOTH)
    assert (findings.faults, findings.unverified_count) == ([], 1)
    broken = seal._replace(key_id="00000000", mac="0" * 32).text.encode()
    headers = [(name, broken if name == SEAL else value) for name, value in log[1].headers]
    log[1] = Record(log[1].topic, 0, 1, log[1].key, log[1].value, headers)
    assert kinds(check(log, keys=BOTH)) == ["broken"]


def test_of_a_key_that_others_may_have_only_what_a_checkpoint_had_seen_counts() -> None:
    log = sealed_log(["run-a"], 4)
    seen = checkpoint_each(log)
    leaked = ChainKeys(NEWER, [OlderKey(KEY, until=AT + 2 * MINUTE)])
    findings = check(log, seen, keys=leaked)
    assert (findings.faults, findings.unverified_count) == ([], 1)
    [line] = findings.unverified
    assert "desk.automation/0/3" in line.text
    assert f"key {KEY.id} counts no more" in line.text
    later = ChainKeys(NEWER, [OlderKey(KEY, until=AT + 3 * MINUTE)])
    assert check(log, seen, keys=later).is_clean
    assert check(log, (), keys=later).unverified_count == PLACES


def test_keys_are_lines_and_the_first_one_seals() -> None:
    keys = read_chain_keys(f"{NEW}\n\n{OLD} until 2026-03-02T10:00:00Z\r\n")
    old = ChainKey(OLD.encode())
    assert keys.sealing.id == ChainKey(NEW.encode()).id
    assert keys.ids == (old.id, keys.sealing.id)
    entry = keys.find(old.id)
    assert entry is not None
    assert entry.until == AT + timedelta(hours=1)
    assert keys.find("00000000") is None


def test_a_key_of_the_least_length_is_one() -> None:
    assert read_chain_keys("k" * 32).sealing.id == ChainKey(b"k" * 32).id


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no key"),
        ("k" * 31, "Key 1 is shorter than 32"),
        (f"{NEW}\nshort", "Key 2 is shorter"),
        (f"{NEW} until 2026-03-02T10:00:00Z\n{OLD}", "Key 1 makes the seals"),
        (f"{NEW}\n{OLD} until noon", "Key 2 counts until a moment"),
        (f"{NEW}\n{NEW}", "the same"),
    ],
)
def test_what_is_no_key_is_said_by_its_line_and_never_shown(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        read_chain_keys(text)
    assert NEW not in str(refused.value)
    assert OLD not in str(refused.value)
