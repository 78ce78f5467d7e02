"""A service that was away reads what happened meanwhile: how many ticket events a second."""

import asyncio
from time import perf_counter

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from desk_contracts import names
from desk_platform.settings import KafkaSettings

from desk_bench.lives import lives, publish
from desk_bench.rows import Row
from desk_bench.serving import ready, service

AWAY = ("metrics", "notify")
LOOKED_EVERY = 0.05
TIMEOUT = 300


async def run(kafka: str, store_url: str, tickets: int) -> list[Row]:
    """Each alone, on an empty store, from its readiness until it has committed everything."""
    events = lives(range(tickets))
    await publish(KafkaSettings(bootstrap=kafka), events)
    rows: list[Row] = []
    for name in AWAY:
        with service(name, kafka, store_url) as port:
            await ready(port, "/health/live")
            began = perf_counter()
            await _caught_up(kafka, name)
            rate = len(events) / (perf_counter() - began)
        rows.append(Row(f"{name} catching up", round(rate), "ticket events/s", bar="≥ 1000"))
    return rows


async def _caught_up(kafka: str, group: str) -> None:
    """Until the group has committed all partitions of the tickets."""
    consumer = AIOKafkaConsumer(names.TICKETS, bootstrap_servers=kafka)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await consumer.start()
    await admin.start()
    ends = await consumer.end_offsets(consumer.assignment())
    await consumer.stop()
    left = {partition: end for partition, end in ends.items() if end}
    async with asyncio.timeout(TIMEOUT):
        while left:
            done = await admin.list_consumer_group_offsets(group, partitions=list(left))
            left = {each: end for each, end in left.items() if done[each].offset < end}
            await asyncio.sleep(LOOKED_EVERY)
    await admin.close()
