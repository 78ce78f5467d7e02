"""Sealed transitions on real brokers: what an erasure writes again verifies, a removal does not."""

import pytest
from desk_cli.log_rewrite import LogRewriter, open_rewriter
from desk_contracts import names
from desk_contracts.chain_keys import ChainKeys
from desk_contracts.errors import Rejected
from desk_contracts.redaction import Erasure, Redactor, hash_person
from desk_contracts.topics import BY_NAME
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.records import KafkaRecord
from desk_platform.settings import KafkaSettings

from tests.support.broken_log import append, put_in_place, read_log
from tests.support.run_chains import (
    AT,
    BOTH,
    IVY,
    KEY,
    NEWER,
    check,
    checkpoints,
    kinds,
    rewrite,
    sealed_log,
)

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

ERASER, PSEUDONYM = b"0123456789abcdef0123456789abcdef", "erased-1"
RUNS = ("run-a", "run-b", "run-c")
LOG = sealed_log(RUNS)
SEEN = checkpoints(LOG)
REDACTOR = Redactor(ERASER, [Erasure("e-1", AT, hash_person(ERASER, IVY), PSEUDONYM)])
ERASURES = frozenset({PSEUDONYM})


class Killed(LogRewriter):
    """A rewrite that ends when it has appended so many copies."""

    left = 5

    async def _append(self, record: KafkaRecord) -> None:
        if self.left == 0:
            await self._producer.flush()
            raise RuntimeError("killed")
        self.left -= 1
        await super()._append(record)


@pytest.fixture
async def settings(kafka: str, prefix: str) -> KafkaSettings:
    chosen = KafkaSettings(bootstrap=kafka)
    await apply_topics(chosen, [BY_NAME[names.AUTOMATION]], prefix=prefix, partitions=1)
    await append(chosen, prefix + names.AUTOMATION, LOG)
    return chosen


async def test_a_purge_leaves_receipts_even_if_it_is_killed(
    settings: KafkaSettings, prefix: str
) -> None:
    topic = prefix + names.AUTOMATION
    async with open_rewriter(
        settings, prefix, REDACTOR, Killed, chain_keys=ChainKeys(KEY)
    ) as rewriter:
        with pytest.raises(RuntimeError, match="killed"):
            await rewriter.rewrite([topic])
    half = check(await read_log(settings, topic), SEEN, ERASURES)
    assert (half.faults, half.repeats) == ([], Killed.left)
    async with open_rewriter(settings, prefix, REDACTOR, chain_keys=ChainKeys(KEY)) as rewriter:
        await rewriter.rewrite([topic])
    log = await read_log(settings, topic)
    assert not any(IVY.encode() in (record.value or b"") for record in log)
    findings = check(log, SEEN, ERASURES)
    assert (findings.faults, findings.erased) == ([], 2 * len(RUNS))
    assert findings.confirmed == findings.transitions == len(LOG)


async def test_a_purge_gives_no_receipt_for_what_somebody_else_changed(
    settings: KafkaSettings, prefix: str
) -> None:
    topic = prefix + names.AUTOMATION
    forged = rewrite(LOG[0], b"Clean the disk", b"Fill the disk")
    await put_in_place(settings, topic, [forged, *LOG[1:]])
    async with open_rewriter(settings, prefix, REDACTOR, chain_keys=ChainKeys(KEY)) as rewriter:
        await rewriter.rewrite([topic])
    findings = check(await read_log(settings, topic), SEEN, ERASURES)
    assert [(fault.kind, fault.chain) for fault in findings.faults] == [("changed", "run-a")]


async def test_a_purge_without_the_key_changes_nothing(
    settings: KafkaSettings, prefix: str
) -> None:
    topic = prefix + names.AUTOMATION
    async with open_rewriter(settings, prefix, REDACTOR) as rewriter:
        with pytest.raises(Rejected, match="AUTOMATION_CHAIN_KEY"):
            await rewriter.rewrite([topic])
    assert check(await read_log(settings, topic), SEEN).faults == []


async def test_a_purge_over_a_change_of_keys_needs_both(
    settings: KafkaSettings, prefix: str
) -> None:
    topic = prefix + names.AUTOMATION
    log = sealed_log(RUNS, 5)
    await put_in_place(settings, topic, log)
    async with open_rewriter(settings, prefix, REDACTOR, chain_keys=ChainKeys(NEWER)) as rewriter:
        with pytest.raises(Rejected, match=KEY.id):
            await rewriter.rewrite([topic])
    assert check(await read_log(settings, topic), checkpoints(log), keys=BOTH).is_clean
    async with open_rewriter(settings, prefix, REDACTOR, chain_keys=BOTH) as rewriter:
        await rewriter.rewrite([topic])
    findings = check(await read_log(settings, topic), checkpoints(log), ERASURES, BOTH)
    assert (findings.is_clean, findings.erased) == (True, 2 * len(RUNS))


async def test_what_is_left_out_of_copies_is_missed(settings: KafkaSettings, prefix: str) -> None:
    topic = prefix + names.AUTOMATION
    await put_in_place(settings, topic, [*LOG[:4], *LOG[5:]])
    findings = check(await read_log(settings, topic), SEEN)
    assert [(fault.kind, fault.chain) for fault in findings.faults] == [("removed", "run-b")]
    await put_in_place(settings, topic, LOG[:9])
    findings = check(await read_log(settings, topic), SEEN)
    assert kinds(findings) == ["truncated"]
    assert {fault.chain for fault in findings.faults} == {*RUNS}
