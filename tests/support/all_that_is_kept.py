"""All that lies in a test's topics and in its embedded store, to look for what must not."""

from pathlib import Path

from aiokafka import AIOKafkaConsumer


def list_files_of(store_url: str, prefix: str) -> list[Path]:
    """What lies on the disk of this test's embedded store; others' come and go there too.

    What is no embedded store is read by its server only.
    """
    if not store_url.startswith("sqlite:"):
        return []
    own = list(Path(store_url.removeprefix("sqlite:")).glob(f"{prefix}*"))
    assert own
    return [file for path in own for file in (path, *path.rglob("*")) if file.is_file()]


def read_files_of(store_url: str, prefix: str) -> list[bytes]:
    """What these files hold, once the services have ended."""
    return [file.read_bytes() for file in list_files_of(store_url, prefix)]


async def read_records(kafka: str, prefix: str) -> list[bytes]:
    """Key, value and headers of all that lies in this test's topics, dead letters included."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    topics = [topic for topic in await consumer.topics() if topic.startswith(prefix)]
    consumer.subscribe(topics)
    contents: list[bytes] = []
    quiet = 0
    while quiet < 3:
        batches = await consumer.getmany(timeout_ms=1000)
        quiet = 0 if batches else quiet + 1
        for records in batches.values():
            for record in records:
                headers = b" ".join(value or b"" for _, value in record.headers)
                contents.append(b" ".join((record.key or b"", record.value or b"", headers)))
    await consumer.stop()
    return contents
