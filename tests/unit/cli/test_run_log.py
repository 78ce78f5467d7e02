"""An audit of the transitions of runs finds what was done to the log, and nothing else."""

import json
from dataclasses import replace

from desk_cli.run_log import RunLog
from desk_contracts import Event
from desk_contracts.chain import RECEIPT, SEAL, ChainKey, Link, read_seal, seal_of
from desk_contracts.chain_keys import ChainKeys
from desk_contracts.codec import Codec
from desk_contracts.events.checkpoints import ChainEnd, CheckpointTaken
from desk_contracts.redaction import Erasure, Redactor, hash_person
from desk_metrics.checkpoints.decide import MOST
from desk_platform.erasure.records import rewrite_record

from tests.support.run_chains import (
    AT,
    IVY,
    KEY,
    PLACES,
    Record,
    check,
    checkpoints,
    kinds,
    rewrite,
    sealed_log,
    transitions,
)

RUNS = ("run-a", "run-b", "run-c")
ERASER = b"fedcba9876543210fedcba9876543210"
PSEUDONYM = "erased-1"
REDACTOR = Redactor(ERASER, [Erasure("e-1", AT, hash_person(ERASER, IVY), PSEUDONYM)])
ERASURES = frozenset({PSEUDONYM})


def erase(record: Record, *, with_receipt: bool = True) -> Record:
    """As a purge writes it again."""
    after = rewrite_record(REDACTOR, record)
    seal = seal_of(record)
    assert seal is not None
    receipt = (RECEIPT, KEY.make_receipt(seal, after).encode())
    headers = [*after.headers, receipt] if with_receipt else after.headers
    return replace(record, key=after.key, value=after.value, headers=headers)


def test_an_untouched_log_has_no_fault() -> None:
    log = sealed_log(RUNS)
    findings = check(log, checkpoints(log))
    assert findings.faults == []
    assert (findings.chains, findings.transitions) == (len(RUNS), len(RUNS) * PLACES)
    assert findings.confirmed == findings.transitions


def test_checkpoints_are_counted_and_what_they_did_not_see_is_confirmed_by_none() -> None:
    log = sealed_log(RUNS)
    findings = check(log)
    assert (findings.checkpoints, findings.confirmed) == (0, 0)
    seen = checkpoints(log)
    assert check(log, seen).checkpoints == len(seen)


def test_a_log_that_was_delivered_twice_has_none_either() -> None:
    log = sealed_log(RUNS)
    findings = check([*log, *log[3:7], *log], [*checkpoints(log), *checkpoints(log)])
    assert findings.faults == []
    assert findings.repeats == len(log) + 4


def test_a_changed_state_is_named_with_its_place() -> None:
    log = sealed_log(RUNS)
    log[11] = rewrite(log[11], b"not_healed", b"healed")
    [fault] = check(log, checkpoints(log)).faults
    assert (fault.kind, fault.chain) == ("changed", "run-c")
    assert "desk.automation/0/11" in fault.text


def test_changed_words_are_named() -> None:
    log = sealed_log(RUNS)
    log[6] = rewrite(log[6], b"200 cleaned", b"500 refused")
    [fault] = check(log).faults
    assert (fault.kind, fault.chain) == ("changed", "run-a")


def test_a_removed_transition_is_named_by_its_number() -> None:
    log = sealed_log(RUNS)
    del log[4]
    [fault] = check(log).faults
    assert (fault.kind, fault.chain) == ("removed", "run-b")
    assert "no transition 2" in fault.text


def test_a_truncated_run_is_found_by_the_checkpoint_alone() -> None:
    whole = sealed_log(RUNS)
    log = [record for record in whole if record.offset != 10]
    assert check(log).faults == []
    [fault] = check(log, checkpoints(whole)).faults
    assert (fault.kind, fault.chain) == ("truncated", "run-b")


def test_a_whole_run_does_not_vanish() -> None:
    whole = sealed_log(RUNS)
    log = sealed_log(RUNS[:2])
    assert check(log).faults == []
    findings = check(log, checkpoints(whole))
    assert {fault.chain for fault in findings.faults} == {"run-c"}
    assert kinds(findings) == ["vanished"]


def test_who_has_the_key_cannot_write_a_run_anew() -> None:
    """The seals are good; only the checkpoint, which is somebody else's, says otherwise."""
    whole, codec, end = sealed_log(["run-a"]), Codec(), Link()
    log = list[Record]()
    for number, data in enumerate(transitions("run-a")):
        at = AT.replace(year=2025)
        event = Event(f"other-{number}", "/desk/automation", "laptop", at, data)
        end, message = KEY.seal("run-a", end, codec.encode(event))
        record = Record(message.topic, 0, number, message.key, message.value, message.headers)
        log.append(record)
    assert check(log).faults == []
    assert kinds(check(log, checkpoints(whole))) == ["rewritten"]


def test_a_forged_transition_is_found_however_it_is_sealed() -> None:
    log = sealed_log(RUNS)
    stranger = ChainKey(b"another key of some length.......")
    event = Event("forged", "/desk/automation", "laptop", AT, transitions("run-a")[3])
    _, forged = stranger.seal("run-a", Link(number=4, mac="0" * 32), Codec().encode(event))
    as_ours = forged.headers[-1][1].replace(stranger.id.encode(), KEY.id.encode())
    for headers in (
        forged.headers,
        (*forged.headers[:-1], (SEAL, as_ours)),
        forged.headers[:-1],
        (*forged.headers[:-1], (SEAL, b"no seal")),
        (*forged.headers[:-1], dict.fromkeys([SEAL], dict(log[9].headers)[SEAL]).popitem()),
    ):
        record = Record(forged.topic, 0, 99, forged.key, forged.value, headers)
        findings = check([*log, record])
        [fault] = [*findings.faults, *findings.unverified]
        # Of a key that is not here nobody can say more; it is not called whole.
        is_stranger = dict(headers).get(SEAL) == forged.headers[-1][1]
        assert fault.kind in ({"unverified"} if is_stranger else {"changed", "unsealed"})
        assert "desk.automation/0/99" in fault.text


def test_another_order_is_named() -> None:
    log = sealed_log(["run-a"])
    log[1], log[2] = log[2], log[1]
    [fault] = check(log).faults
    assert fault.kind == "reordered"


def test_one_that_came_early_and_follows_another_is_named_by_its_number() -> None:
    first = sealed_log(["run-a"])[0]
    event = Event("second", "/desk/automation", "laptop", AT, transitions("run-a")[1])
    _, message = KEY.seal("run-a", Link(number=1, mac="0" * 32), Codec().encode(event))
    second = Record(message.topic, 0, 9, message.key, message.value, message.headers)
    [broken] = [fault for fault in check([second, first]).faults if fault.kind == "broken"]
    assert "desk.automation/0/9 (transition 2) does not follow" in broken.text


def test_what_checkpoints_saw_of_another_run_is_not_said_of_this_one() -> None:
    run_log = RunLog(ChainKeys(KEY), None)
    for event in checkpoints(sealed_log(["run-b"])):
        run_log.add_checkpoint(event)
    assert "checkpoints saw 0 of them" in run_log.describe("run-a")
    assert f"checkpoints saw {PLACES} of them" in run_log.describe("run-b")


def test_two_lives_of_one_run_are_named() -> None:
    """As after a store was put back that had forgotten what was published."""
    log = sealed_log(["run-a"])
    seal = seal_of(log[1])
    assert seal is not None
    event = Event("again", "/desk/automation", "laptop", AT, transitions("run-a")[2])
    _, other = KEY.seal("run-a", Link(number=1, mac=seal.previous), Codec().encode(event))
    log.append(Record(other.topic, 0, 9, other.key, other.value, other.headers))
    assert kinds(check(log)) == ["forked"]


def test_what_was_before_the_first_seal_is_counted_and_no_fault() -> None:
    log = sealed_log(RUNS)
    headers = [header for header in log[0].headers if header[0] != SEAL]
    old = replace(log[0], headers=headers)
    findings = check([old, *log], checkpoints(log))
    assert (findings.faults, findings.unsealed) == ([], 1)


def test_an_erasure_is_named_as_an_erasure_and_nothing_else() -> None:
    whole = sealed_log(RUNS)
    log = [erase(record) if IVY.encode() in (record.value or b"") else record for record in whole]
    assert b"ivy" not in b"".join(record.value or b"" for record in log)
    findings = check(log, checkpoints(whole), ERASURES)
    assert (findings.faults, findings.erased) == ([], 2 * len(RUNS))
    assert findings.confirmed == findings.transitions


def test_a_change_is_no_erasure_because_it_looks_like_one() -> None:
    log = sealed_log(RUNS)
    erased = erase(log[0])
    for record, pseudonyms in (
        (erase(log[0], with_receipt=False), ERASURES),
        (erased, None),
        (rewrite(erased, b"Clean the disk", b"Fill the disk"), ERASURES),
        (rewrite(erased, b'"version":"v1"', b'"version":"v2"'), ERASURES),
        (replace(erased, value=log[0].value, headers=erased.headers[:-2]), ERASURES),
    ):
        findings = check([record, *log[1:]], (), pseudonyms)
        assert "changed" in kinds(findings) or "removed" in kinds(findings)


def test_a_receipt_of_one_erasure_does_not_hold_for_another_text() -> None:
    log = sealed_log(RUNS)
    headers = [*log[6].headers, *(item for item in erase(log[0]).headers if item[0] == RECEIPT)]
    record = replace(rewrite(log[6], b"200 cleaned", b"[erased]"), headers=headers)
    assert kinds(check([*log[:6], record, *log[7:]], (), ERASURES)) == ["changed"]


def test_a_checkpoint_cannot_be_left_out() -> None:
    log = sealed_log(RUNS)
    seen = checkpoints(log, every=3)
    del seen[1]
    assert kinds(check(log, seen)) == ["checkpoint"]


def test_a_checkpoint_that_was_taken_anew_from_an_older_store_is_no_fault() -> None:
    log = sealed_log(RUNS)
    seen = [*checkpoints(log, every=4), *checkpoints(log, every=5)]
    assert check(log, seen).faults == []


def test_checkpoints_of_many_long_chains_fit_into_an_event() -> None:
    end = ChainEnd(chain="\u00e4" * 100 + "x" * 100, number=10**17, mac="0" * 32)
    data = CheckpointTaken(number=10**9, previous="0" * 64, ends=(end,) * MOST)
    Codec().encode(Event("id", "/desk/metrics", "0", AT, data))


def test_texts_that_are_no_seal_are_none() -> None:
    seal = seal_of(sealed_log(RUNS)[5])
    assert seal is not None
    assert read_seal(seal.text) == seal
    for text in ("", ":::::", seal.text + "0", seal._replace(number=0).text, seal.text.upper()):
        assert read_seal(text) is None


def test_figures_in_a_record_are_part_of_what_is_sealed() -> None:
    log = sealed_log(["run-a"])
    value = json.loads(log[1].value or b"")
    value["attempt"] = 7
    log[1] = replace(log[1], value=json.dumps(value).encode())
    assert kinds(check(log, (), ERASURES)) == ["changed"]
