"""Kafka keeps over kill -9 what it acknowledged, and no server outlives its parent process."""

import asyncio
import itertools
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from desk_local import local_servers
from desk_local.processes import Running
from desk_local.reaper import birth_of
from desk_testing import eventually

pytestmark = [pytest.mark.connected, pytest.mark.timeout(540)]

TOPIC = "kept"
PARENT = """
import signal, sys
from desk_local import local_servers
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
with local_servers(kafka=False, backend="memory", is_quick=True) as servers:
    running = servers.store.running
    if sys.argv[1] == "paused":
        servers.store.pause()
    print(running.pid, running.birth, flush=True)
    sys.stdin.read()
"""


async def test_acknowledged_records_survive_a_killed_broker(tmp_path: Path) -> None:
    async with local_servers(tmp_path, store=False, is_quick=True) as servers:
        await _create(servers.kafka)
        kept: list[int] = []
        async with AIOKafkaProducer(
            bootstrap_servers=servers.kafka, acks="all", request_timeout_ms=1000
        ) as producer:
            is_killed = asyncio.Event()
            sending = asyncio.create_task(_send_until_killed(producer, kept, is_killed))
            await eventually(lambda: len(kept) > 300, timeout=180)
            is_killed.set()
            servers.broker.kill()
            await sending
            await asyncio.to_thread(servers.broker.start)
        numbers = await _read(servers.kafka)
        assert set(kept) <= numbers


async def _create(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    await admin.close()


async def _send_until_killed(
    producer: AIOKafkaProducer, kept: list[int], is_killed: asyncio.Event
) -> None:
    for number in itertools.count():
        try:
            await producer.send_and_wait(TOPIC, str(number).encode())
        except KafkaError:
            # A busy broker may be late with an answer; nothing was acknowledged then.
            if is_killed.is_set():
                return
        else:
            kept.append(number)


async def _read(kafka: str) -> set[int]:
    async with AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        partition = TopicPartition(TOPIC, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        numbers: set[int] = set()
        while await consumer.position(partition) < end:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                numbers |= {int(record.value or b"-1") for record in records}
    return numbers


@pytest.mark.parametrize("state", ["running", "paused"])
@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_servers_end_with_their_parent(state: str, death: signal.Signals) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, state, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert parent.stdout is not None
    pid, birth = (await parent.stdout.readline()).decode().split()
    server = Running(int(pid), birth)
    assert birth_of(server.pid) == birth
    parent.send_signal(death)
    await parent.wait()
    await eventually(lambda: not server.alive)
