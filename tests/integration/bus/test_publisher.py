"""What every publisher SLAs: all, in order for a key, or which are not there and why."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from statistics import median

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from desk_contracts import Message
from desk_contracts.errors import DependencyDown, Transient
from desk_contracts.names import TICKETS
from desk_platform.kafka import KafkaPublisher, Publisher, Unpublished
from desk_platform.settings import KafkaSettings
from desk_testing import eventually
from desk_testing.fakes import FakePublisher
from desk_testing.opening import close_now, open_now

from tests.support.bus_rig import Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]


@dataclass
class Kind:
    """A publisher, the same with the bus away, and what arrived."""

    publisher: Publisher
    away: Publisher
    rig: Rig | None

    async def arrived(self) -> list[tuple[bytes | None, bytes | None]]:
        if self.rig is not None:
            return [(raw.key, raw.value) for raw in await self.rig.read(TICKETS)]
        assert isinstance(self.publisher, FakePublisher)
        return [(message.key, message.value) for message in self.publisher.messages]


@pytest.fixture(params=["fake", "kafka"])
async def kind(request: pytest.FixtureRequest, rig: Rig) -> AsyncIterator[Kind]:
    if request.param == "fake":
        away = FakePublisher()
        away.is_down = True
        yield Kind(FakePublisher(), away, None)
    else:
        yield Kind(rig.publisher, KafkaPublisher(rig.settings, "never started"), rig)


def message(key: str, number: int) -> Message:
    return Message(TICKETS, key.encode(), str(number).encode(), (("ce_id", b"\xff\x00"),))


async def test_everything_arrives_in_order_for_each_key(kind: Kind) -> None:
    messages = [message(f"k{number % 7}", number) for number in range(500)]
    await kind.publisher.publish(messages[:250])
    await kind.publisher.publish(messages[250:])
    arrived = await kind.arrived()
    for key in {item.key for item in messages}:
        wanted = [item.value for item in messages if item.key == key]
        assert [value for record_key, value in arrived if record_key == key] == wanted


async def test_publishers_of_one_process_do_not_disturb_each_other(kind: Kind) -> None:
    batches = [[message(f"k{who}", number) for number in range(50)] for who in range(10)]
    await asyncio.gather(*(kind.publisher.publish(batch) for batch in batches))
    arrived = await kind.arrived()
    assert len(arrived) == 500
    for who in range(10):
        values = [value for key, value in arrived if key == f"k{who}".encode()]
        assert values == [str(number).encode() for number in range(50)]


async def test_publishing_nothing_asks_nobody(kind: Kind) -> None:
    await kind.publisher.publish([])
    assert await kind.arrived() == []


async def test_a_bus_that_is_away_says_so(kind: Kind) -> None:
    with pytest.raises(DependencyDown):
        await kind.away.publish([message("k", 1)])


async def test_a_message_beyond_the_brokers_limit_is_refused_and_harms_no_other(
    rig: Rig,
) -> None:
    large = Message(TICKETS, b"k", b"x" * 1_100_000, ())
    with pytest.raises(Unpublished) as refused:
        await rig.publisher.publish([message("a", 1), large, message("k", 2), message("b", 3)])
    assert {n: refusal.kind for n, refusal in refused.value.reasons.items()} == dict.fromkeys(
        (1, 2), "message-too-large"
    )
    await rig.publisher.publish([message("k", 4)])
    assert sorted(raw.value or b"" for raw in await rig.read(TICKETS)) == [b"1", b"3", b"4"]


async def test_what_the_broker_refuses_harms_nothing_that_follows_on_its_partition(
    rig: Rig,
) -> None:
    """A topic whose own limit is lower than ours: the broker says no to the batch."""
    admin = AIOKafkaAdminClient(bootstrap_servers=rig.kafka)
    await admin.start()
    small = NewTopic(rig.prefix + "small", 1, 1, topic_configs={"max.message.bytes": "10000"})
    await admin.create_topics([small])
    await admin.close()
    noise = os.urandom(50_000)  # nothing that could be compressed

    async def arrives(value: bytes) -> bool:
        try:
            await rig.publisher.publish([Message("small", b"k", value, ())])
        except (DependencyDown, Unpublished):  # the topic, or the producer, is just being made
            return False
        return True

    await eventually(lambda: arrives(b"before"))
    large = Message("small", b"k", noise, ())
    with pytest.raises(Unpublished) as refused:
        await rig.publisher.publish([large])
    assert refused.value.reasons[0].kind == "message-too-large"
    await eventually(lambda: arrives(b"after"))
    many = [Message("small", str(n).encode(), noise[:4_000], ()) for n in range(20)]
    await rig.publisher.publish(many)
    assert len(await rig.read("small")) >= 22


async def test_a_topic_that_is_missing_costs_the_others_nothing(kind: Kind) -> None:
    if isinstance(kind.publisher, FakePublisher):
        lost = Transient("the topic is missing", code="topic-missing")
        kind.publisher.refused = lambda item: lost if item.topic == "no.such.topic" else None
    lost_ones = [Message("no.such.topic", b"k", b"1", ()), Message("no.such.topic", b"l", b"2", ())]
    took = list[float]()
    for number in range(20):
        began = time.monotonic()
        with pytest.raises(Unpublished) as refused:
            await kind.publisher.publish([lost_ones[0], message("k", number), lost_ones[1]])
        reasons = refused.value.reasons
        assert {n: item.kind for n, item in reasons.items()} == dict.fromkeys(
            (0, 2), "topic-missing"
        )
        took.append(time.monotonic() - began)
    # The first asks for the topic; of the others a busy machine may hold up some.
    assert median(took[1:]) < 0.5
    assert [value for _, value in await kind.arrived()] == [str(n).encode() for n in range(20)]


async def test_headers_arrive_as_the_bytes_they_were(rig: Rig) -> None:
    await rig.publisher.publish([message("k", 1)])
    (raw,) = await rig.read(TICKETS)
    assert list(raw.headers) == [("ce_id", b"\xff\x00")]


async def test_a_broker_that_never_answers_leaves_nothing_running() -> None:
    publisher = KafkaPublisher(KafkaSettings(bootstrap="127.0.0.1:9"), "nowhere")
    with pytest.raises(Exception, match="Unable to bootstrap"):
        await open_now(publisher)
    await close_now(publisher)
