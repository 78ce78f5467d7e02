"""The records that were read last, compared with what the brokers have there now."""

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from desk_contracts.names import TICKETS
from desk_platform.kafka.last_records import LastRecords
from desk_platform.kafka.records import KafkaRecord

from tests.support.bus_desk import noted
from tests.support.bus_rig import Rig

pytestmark = [pytest.mark.connected, pytest.mark.timeout(120)]


async def handled(rig: Rig) -> tuple[LastRecords, list[KafkaRecord], list[TopicPartition]]:
    """Three records of one partition, all handled."""
    await rig.publish([noted("t1", n) for n in range(1, 4)])
    records = await rig.read(TICKETS)
    last = LastRecords(rig.settings)
    last.note(records)
    return last, records, [TopicPartition(records[-1].topic, records[-1].partition)]


async def test_what_is_still_there_is_no_other(rig: Rig) -> None:
    last, _, mine = await handled(rig)
    assert await last.why_others(mine) == {}
    last.forget()
    assert await last.why_others(mine) == {}


async def test_another_record_at_the_same_place_is_told(rig: Rig) -> None:
    last, records, mine = await handled(rig)
    # As if the second record had been read where the third stands.
    last._last[mine[0]] = (records[-1].offset, 17)
    assert "another record at 2" in (await last.why_others(mine))[mine[0].topic]


async def test_what_retention_removed_tells_nothing_and_is_not_waited_for(rig: Rig) -> None:
    last, records, mine = await handled(rig)
    admin = AIOKafkaAdminClient(bootstrap_servers=rig.kafka)
    await admin.start()
    await admin.delete_records({mine[0]: RecordsToDelete(before_offset=records[-1].offset + 1)})
    await admin.close()
    async with asyncio.timeout(4):
        assert await last.why_others(mine) == {}
