"""Transitions of a real run, sealed by automation, seen by metrics, checked by the command."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from desk_contracts import names
from desk_contracts.chain import SEAL, ChainKey, seal_of
from desk_contracts.topics import all_topics
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.records import KafkaRecord
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.commands import run_desk
from desk_testing.processes import ServiceProcess, environment

from tests.support.automation_desk import Automation, Bus, Target, measured, raised
from tests.support.broken_log import append, put_in_place, read_log
from tests.support.run_chains import Record

pytestmark = [pytest.mark.connected, pytest.mark.timeout(480)]

HEALED = "desk.run.healed.v1"
CHAIN_KEY = "q7Vw2ZrLx09TmNfYc4HsJb8KdPeGuA1o"


@pytest.fixture
async def metrics(
    kafka: str, store_url: str, bus: Bus, tmp_path: Path
) -> AsyncIterator[ServiceProcess]:
    topics = [t for t in all_topics(["network"]) if not t.name.endswith((".retry", ".dead"))]
    own = [t for t in all_topics([]) if t.name.endswith((".metrics.retry", ".metrics.dead"))]
    settings = KafkaSettings(bootstrap=kafka)
    await apply_topics(settings, [*topics, *own], prefix=bus.prefix, partitions=2)
    env = environment(kafka, store_url, bus.prefix)
    service = ServiceProcess("metrics", env, tmp_path / "metrics.log")
    try:
        await service.start()
        yield service
    finally:
        service.stop()


async def audit(service: Automation) -> tuple[int, str]:
    """What `desk audit --runs` says, and its exit code."""
    # The service's own folder of variables, without those that are only a service's.
    variables = {name: value for name, value in service.env.items() if name != "AUTOMATION_LEASE"}
    done = await asyncio.to_thread(run_desk, "audit", "--runs", env=variables)
    return done.returncode, done.stdout + done.stderr


async def heal(
    service: Automation, bus: Bus, target: Target, interrupt: Callable[[], Awaitable[None]]
) -> None:
    """A run to its end, with an interruption while its act is under way."""
    target.delay = 1.0
    await service.start()
    try:
        await bus.publish(raised("laptop-1", target.url))
        await eventually(lambda: bool(target.requests))
        await interrupt()

        async def is_healed() -> bool:
            await bus.publish(measured("laptop-1", 41.0))
            return HEALED in await bus.types_of("laptop-1")

        await eventually(is_healed, timeout=120, interval=0.2)
    finally:
        service.stop()


async def test_a_kill_breaks_no_chain_and_what_is_forged_or_removed_is_named(
    metrics: ServiceProcess,  # noqa: ARG001
    service: Automation,
    bus: Bus,
    target: Target,
    kafka: str,
) -> None:
    service.env["AUTOMATION_CHAIN_KEY"] = CHAIN_KEY

    async def die() -> None:
        service.kill()
        await service.start()

    await heal(service, bus, target, die)
    settings, topic = KafkaSettings(bootstrap=kafka), bus.prefix + names.AUTOMATION
    log = await read_log(settings, topic)
    count = len({dict(record.headers)[SEAL] for record in log})
    assert count == len(bus.seen)

    async def is_confirmed() -> bool:
        code, output = await audit(service)
        assert code == 0, output
        return f"{count} transitions: 0 faults, {count} confirmed" in output

    await eventually(is_confirmed, timeout=150, interval=5.0)
    last = log[-1]
    value = (last.value or b"")[:-1] + b" }"
    await append(settings, topic, [Record(topic, last.partition, 0, last.key, value, last.headers)])
    code, output = await audit(service)
    assert (code, output.count("changed")) == (1, 1), output
    assert f"{topic}/{last.partition}/" in output
    kept = [record for record in log if getattr(seal_of(record), "number", 0) != 2]
    await put_in_place(settings, topic, kept)
    code, output = await audit(service)
    assert (code, output.count("no transition 2")) == (1, 1), output
    await put_in_place(settings, topic, [])
    code, output = await audit(service)
    assert (code, output.count("vanished")) == (1, 1), output


def list_keys(log: Sequence[KafkaRecord]) -> list[str]:
    """The ids of the keys that sealed the one chain of the log, in its order."""
    sealed = [seal for seal in map(seal_of, log) if seal is not None]
    assert len({seal.chain for seal in sealed}) == 1
    seals = {seal.number: seal.key_id for seal in sealed}
    return [seals[number] for number in sorted(seals)]


async def test_a_key_is_changed_while_a_run_is_under_way(
    metrics: ServiceProcess,  # noqa: ARG001
    service: Automation,
    bus: Bus,
    target: Target,
    tmp_path: Path,
) -> None:
    """The next transition has the new seal, without a restart; both keys check the whole chain."""
    newer, file, newer_only = CHAIN_KEY[::-1], tmp_path / "secret", tmp_path / "newer"
    file.write_text(CHAIN_KEY, encoding="utf-8")
    newer_only.write_text(newer, encoding="utf-8")
    service.env["AUTOMATION_CHAIN_KEY_FILE"] = str(file)

    async def change() -> None:
        other = tmp_path / "other"
        other.write_text(f"{newer}\n{CHAIN_KEY}\n", encoding="utf-8")
        other.replace(file)

    await heal(service, bus, target, change)
    ids = [ChainKey(key.encode()).id for key in (CHAIN_KEY, newer)]
    settings = KafkaSettings(bootstrap=service.env["DESK_KAFKA"])
    log = await read_log(settings, bus.prefix + names.AUTOMATION)
    used = list_keys(log)
    before = used.count(ids[0])
    assert 0 < before < len(used)
    assert used == [ids[0]] * before + [ids[1]] * (len(used) - before)

    async def is_confirmed() -> bool:
        code, output = await audit(service)
        assert code == 0, output
        assert all(id in output for id in ids)
        return f"{len(used)} transitions: 0 faults, {len(used)} confirmed" in output

    await eventually(is_confirmed, timeout=150, interval=5.0)
    service.env["AUTOMATION_CHAIN_KEY_FILE"] = str(newer_only)
    code, output = await audit(service)
    assert (code, f"{before} cannot be verified" in output) == (1, True), output
    assert "0 faults" in output
    assert f"key {ids[0]} is not here" in output
