"""A store or a broker that is away: the consumer waits, says so, and loses nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from desk_contracts.errors import DependencyDown
from desk_local import LocalServers, local_servers
from desk_platform.kafka import BatchProcessor, Received, Unpublished
from desk_platform.kafka.batch_processor import OnFailedRecords
from desk_testing import eventually
from desk_testing.opening import open_now
from structlog.testing import capture_logs

from tests.support.bus_desk import noted
from tests.support.bus_rig import DEAD, Rig

pytestmark = [pytest.mark.connected, pytest.mark.chaos, pytest.mark.timeout(600)]

TICKETS = [f"t{number}" for number in range(10)]
FIRST = [noted(ticket, number) for number in range(1, 11) for ticket in TICKETS]
SECOND = [noted(ticket, number) for number in range(11, 21) for ticket in TICKETS]
EXPECTED = {ticket: tuple(str(number) for number in range(1, 21)) for ticket in TICKETS}
AWAY_SECONDS = 12.0


class Counted:
    """A handler that counts how often it is asked."""

    def __init__(self, inner: BatchProcessor) -> None:
        self.inner, self.rounds = inner, 0

    async def handle(self, batch: Sequence[Received], on_failed: OnFailedRecords) -> None:
        self.rounds += 1
        await self.inner.handle(batch, on_failed)

    def forget(self) -> None:
        self.inner.forget()


@pytest.fixture
async def own(tmp_path: Path, prefix: str) -> AsyncIterator[tuple[LocalServers, Rig]]:
    """Servers of its own, so that they can be killed."""
    async with local_servers(tmp_path, backend="h2", is_quick=True) as servers:
        rig = Rig(servers.kafka, servers.store_url, prefix)
        await rig.open()
        yield servers, rig
        await rig.close()


async def check(rig: Rig) -> None:
    await eventually(lambda: rig.are_told(EXPECTED), timeout=180, interval=0.1)
    await eventually(rig.is_committed, timeout=90, interval=0.2)
    derived = await rig.derived()
    assert len({event.id for event in derived}) == len(FIRST + SECOND)
    assert rig.health.answer_ready().is_ok


async def kill_store(servers: LocalServers) -> Callable[[], Awaitable[None]]:
    await asyncio.to_thread(servers.store.kill)
    return lambda: asyncio.to_thread(servers.store.start)


async def pause_store(servers: LocalServers) -> Callable[[], Awaitable[None]]:
    servers.store.pause()
    return lambda: asyncio.to_thread(servers.store.resume)


@pytest.mark.parametrize("away", [kill_store, pause_store])
async def test_a_store_that_is_away_for_a_while_is_waited_for(
    own: tuple[LocalServers, Rig],
    away: Callable[[LocalServers], Awaitable[Callable[[], Awaitable[None]]]],
) -> None:
    servers, rig = own
    counted = Counted(BatchProcessor(rig.unit_of_work()))
    await rig.join(counted)
    await rig.publish(FIRST)
    await eventually(rig.is_committed, timeout=60)
    come_back = await away(servers)
    rounds, loop = counted.rounds, asyncio.get_running_loop()
    since = loop.time()
    with capture_logs() as lines:
        await rig.publish(SECOND)
        await rig.send(b"t1", b"{", rig.codec.encode(FIRST[1]).headers)
        await eventually(lambda: not rig.health.answer_ready().is_ok, timeout=120)
        assert "store" in " ".join(rig.health.answer_ready().reasons)
        assert rig.health.answer_live().is_ok
        await eventually(lambda: loop.time() - since > AWAY_SECONDS, timeout=120)
        tries = counted.rounds - rounds
        paused = [line for line in lines if line["event"] == "consumer_pauses"]
    assert 1 <= tries <= 30  # 5 s apart at the most, after a few quicker ones
    assert len(paused) == 1
    assert len(lines) < 40
    await come_back()
    await check(rig)
    (letter,) = await rig.letters()
    assert letter.code == "bad-json"
    assert len(await rig.read(DEAD)) == 1  # however often the unreadable record was read


async def test_a_broker_that_is_killed_and_comes_back_is_waited_for(
    own: tuple[LocalServers, Rig],
) -> None:
    servers, rig = own
    await rig.join()
    await rig.publish(FIRST)
    await eventually(rig.stories, timeout=60)
    await asyncio.to_thread(servers.broker.kill)
    publishing = asyncio.create_task(eventually(lambda: _is_published(rig), timeout=180))
    await asyncio.to_thread(servers.broker.start)
    await publishing
    await check(rig)
    assert await rig.letters() == []


async def _is_published(rig: Rig) -> bool:
    """Asked again, as callers do: a broker may start slower than a publisher waits."""
    try:
        await rig.publish(SECOND)
    except (DependencyDown, Unpublished):
        return False
    return True


async def test_a_broker_that_dies_while_a_batch_is_handled_costs_copies_at_most(
    own: tuple[LocalServers, Rig],
) -> None:
    """Written, not published: the batch is read again when the broker is back."""
    servers, rig = own
    await rig.publish(FIRST + SECOND)
    unit_of_work = rig.unit_of_work()
    write, written = rig.documents.write, asyncio.Event()

    async def write_and_tell(documents: Sequence[object]) -> frozenset[str]:
        refused = await write(documents)  # type: ignore[arg-type]
        if not written.is_set():
            await asyncio.to_thread(servers.broker.kill)
            written.set()
        return refused

    rig.documents.write = write_and_tell  # type: ignore[method-assign]
    await rig.join(BatchProcessor(unit_of_work))
    await written.wait()
    await asyncio.to_thread(servers.broker.start)
    await check(rig)
    assert await rig.letters() == []


async def test_a_member_that_starts_before_its_broker_joins_when_it_is_there(
    own: tuple[LocalServers, Rig],
) -> None:
    """As a service does: it tries again with the same consumer."""
    servers, rig = own
    await rig.publish(FIRST + SECOND)
    await asyncio.to_thread(servers.broker.stop)
    with pytest.raises(KafkaConnectionError):
        await rig.join()
    (member,) = rig.members
    with pytest.raises(KafkaConnectionError):
        await open_now(member)
    assert not rig.health.answer_ready().is_ok
    await asyncio.to_thread(servers.broker.start)
    await open_now(member)
    await check(rig)
