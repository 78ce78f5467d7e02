"""What README tells people to type runs as it stands, but for the address and the topic."""

import asyncio
import re
import sys
from pathlib import Path

import pytest
from desk_contracts import Message
from desk_contracts.topics import Topic
from desk_platform.kafka.admin import apply_topics
from desk_platform.kafka.producer import KafkaPublisher
from desk_platform.settings import KafkaSettings

pytestmark = [pytest.mark.connected, pytest.mark.timeout(120)]

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


async def test_a_team_reads_its_topic_with_the_lines_in_the_readme(kafka: str, prefix: str) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    settings, name = KafkaSettings(bootstrap=kafka), "desk.notifications.network"
    await apply_topics(settings, [Topic(name, "recipient", "notify", ())], prefix=prefix)
    async with KafkaPublisher(settings, "test", prefix) as publisher:
        await publisher.publish([Message(name, b"network", b"a ticket is yours", ())])
    here = program.replace(f'"{name}"', f'"{prefix}{name}", bootstrap_servers="{kafka}"')
    assert here != program
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-c", here, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert reader.stdout is not None
        assert await reader.stdout.readline() == b"a ticket is yours\n"
    finally:
        reader.kill()
        await reader.wait()


def test_kcat_chooses_partitions_as_the_desk_does() -> None:
    (line,) = [line for line in README.splitlines() if "kcat -P" in line]
    assert "-X partitioner=murmur2_random" in line
