"""Topics that an earlier version made get the settings of this one, where that loses nothing."""

from collections.abc import AsyncIterator, Mapping

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from desk_contracts.names import REQUESTS, TELEMETRY, TICKETS
from desk_contracts.topics import BY_NAME
from desk_platform.kafka.admin import apply_topics
from desk_platform.settings import KafkaSettings
from desk_testing import eventually

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]

DAY, MONTH = str(24 * 3600 * 1000), str(30 * 24 * 3600 * 1000)
BEFORE: Mapping[str, Mapping[str, str]] = {
    REQUESTS: {"message.timestamp.type": "CreateTime", "segment.ms": "3600000"},
    TELEMETRY: {"retention.ms": MONTH, "max.message.bytes": "2000000"},
    TICKETS: {"retention.ms": DAY, "cleanup.policy": "compact"},
}


@pytest.fixture
async def admin(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    yield admin
    await admin.close()


async def test_topics_of_before_are_altered_where_that_is_safe_and_told_of_elsewhere(
    kafka: str, prefix: str, admin: AIOKafkaAdminClient
) -> None:
    topics = [BY_NAME[name] for name in BEFORE]
    made = [NewTopic(prefix + name, 2, 1, topic_configs=has) for name, has in BEFORE.items()]
    await admin.create_topics(made)
    kafka_settings = KafkaSettings(bootstrap=kafka)

    async def are_there() -> bool:
        return {item.name for item in made} <= set(await admin.list_topics())

    async def nothing_is_left() -> bool:
        again = await apply_topics(kafka_settings, topics, prefix=prefix)
        return again.altered == () and again.differing == applied.differing

    await eventually(are_there)
    applied = await apply_topics(kafka_settings, topics, prefix=prefix)
    # A broker hears of new settings a moment after they were accepted.
    await eventually(nothing_is_left)

    requests, telemetry, tickets = [
        await settings(admin, prefix + name) for name in (REQUESTS, TELEMETRY, TICKETS)
    ]
    assert requests["message.timestamp.type"] == telemetry["message.timestamp.type"]
    assert requests["message.timestamp.type"] == "LogAppendTime"
    assert requests["max.message.bytes"] == telemetry["max.message.bytes"] == "524288"
    assert requests["retention.ms"] == tickets["retention.ms"] == "-1"
    assert requests["segment.ms"] == "3600000", "what others set was lost"
    assert (telemetry["retention.ms"], tickets["cleanup.policy"]) == (MONTH, "compact")

    change = f"{prefix}{REQUESTS} had message.timestamp.type=CreateTime and has LogAppendTime now"
    assert change in applied.altered
    assert f"{prefix}{TICKETS} had retention.ms={DAY} and has -1 now" in applied.altered
    left = [item for item in applied.differing if "is declared" in item]
    assert [item.partition("=")[0].removeprefix(prefix) for item in sorted(left)] == [
        f"{TELEMETRY} has retention.ms",
        f"{TICKETS} has cleanup.policy",
    ]
    assert all("--add-config" in item for item in left)


async def settings(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic)]
    ((response,),) = [config.resources for config in await admin.describe_configs(resources)]
    return {entry[0]: entry[1] for entry in response[4]}
