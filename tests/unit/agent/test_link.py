"""What is sent and read goes in batches: one write for many, and nothing lost of any."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from desk_agent.link import Link
from desk_agent.sensors import Reading
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.events.devices import AgentConnected, CommandIssued
from desk_testing.eventually import eventually

from tests.support.agent_brokers import AcknowledgingTogether, Having
from tests.support.agent_device import DEVICE, Device, Folder, issue, order

COUNT = 40


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(Folder(tmp_path))


def link_of(device: Device) -> Link:
    async def obey(event: AnyEvent) -> None:
        assert isinstance(event.data, CommandIssued)
        device.orders.take(event.data)

    def describe() -> AgentConnected:
        return AgentConnected(journal="j")

    return Link(device.config, device.database, device.spool, device.clock, describe, obey)


def add(device: Device, count: int) -> None:
    for number in range(count):
        reading = Reading("disk.free.percent", float(number), "%")
        device.spool.add(device.sensors.describe(reading), device.clock.now())


@contextmanager
def counting(device: Device) -> Iterator[list[str]]:
    """Each commit is a forced write to the disk."""
    seen: list[str] = []
    device.database._connection.set_trace_callback(seen.append)
    yield seen
    device.database._connection.set_trace_callback(None)
    seen[:] = [statement for statement in seen if statement == "COMMIT"]


async def test_a_batch_is_one_round_trip_and_one_write_in_the_order_of_events(
    device: Device,
) -> None:
    add(device, COUNT)
    spooled = [Codec().encode(event).value for _, event in device.spool.read()]
    brokers = AcknowledgingTogether(awaited=COUNT, acknowledged=COUNT)
    link = link_of(device)
    with counting(device) as commits:
        sending = asyncio.create_task(link._send(brokers))
        await eventually(lambda: device.spool.count == 0, timeout=5)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
    assert [value for value, _ in brokers.taken] == spooled
    assert len(commits) == 1


async def test_of_a_batch_that_broke_off_the_brokers_have_the_beginning_and_the_spool_the_rest(
    device: Device,
) -> None:
    add(device, COUNT)
    brokers = AcknowledgingTogether(awaited=COUNT, acknowledged=15)
    link, before = link_of(device), [event.id for _, event in device.spool.read()]
    device.times.advance(timedelta(minutes=1))
    with pytest.raises(KafkaConnectionError):
        await link._send(brokers)
    assert [event.id for _, event in device.spool.read()] == before[15:]
    assert link.heard_at == device.clock.elapsed(), "fifteen were acknowledged"


async def test_a_batch_nobody_acknowledges_stays_whole(device: Device) -> None:
    add(device, COUNT)
    brokers = AcknowledgingTogether(awaited=COUNT + 1, acknowledged=0)
    sending = asyncio.create_task(link_of(device)._send(brokers))
    await eventually(lambda: len(brokers.taken) == COUNT)
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    assert device.spool.count == COUNT


async def test_orders_of_others_cost_one_write_for_all_and_own_ones_are_carried_out(
    device: Device,
) -> None:
    command = order(at=device.clock.now(), name="spooler")
    event = Event(
        id="o1",
        source="/desk/automation",
        subject=DEVICE,
        time=datetime.now(UTC),
        data=issue(command),
    )
    own = Codec().encode(event)
    assert own.key is not None
    others = [(b"laptop-8", b"{}", ())] * COUNT
    link = link_of(device)
    with counting(device) as commits:
        reading = asyncio.create_task(link._read(Having(others)))
        await eventually(lambda: device.database.read_meta("position") is not None)
        reading.cancel()
    assert len(commits) == 1
    records = [*others, (own.key, own.value, own.headers), *others]
    reading = asyncio.create_task(link._read(Having(records)))
    last = f"desk.actions/0/1 {len(records)}"
    await eventually(lambda: device.database.read_meta("position") == last)
    reading.cancel()
    assert device.folder.count_of_starts == 1


async def test_a_batch_is_read_again_where_an_order_in_it_ended_the_agent(device: Device) -> None:
    async def die(_event: AnyEvent) -> None:
        raise KeyboardInterrupt

    link = link_of(device)
    link._on_order = die
    command = issue(order(at=device.clock.now(), name="spooler"))
    event = Event(
        id="o1", source="/desk/automation", subject=DEVICE, time=datetime.now(UTC), data=command
    )
    own = Codec().encode(event)
    assert own.key is not None
    records = [(b"laptop-8", b"{}", ()), (own.key, own.value, own.headers)]
    with pytest.raises(KeyboardInterrupt):
        await link._read(Having(records))
    assert device.database.read_meta("position") is None
