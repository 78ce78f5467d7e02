"""Looks for secrets where none may be: topics with their dead letters, logs, pages of metrics."""

from collections.abc import Iterator, Mapping, Sequence

import httpx
from desk_platform.kafka.topic_reader import list_topic_names, read_all
from desk_platform.settings import KafkaSettings

from desk_storm.books import Leak
from desk_storm.replicas import Replica


async def look(
    kafka: KafkaSettings, replicas: Sequence[Replica], secrets: Mapping[str, str]
) -> tuple[list[Leak], int]:
    """What was found, and in how many places it was looked for."""
    leaks: list[Leak] = []
    places = 0
    names = [name for name in await list_topic_names(kafka) if name.startswith("desk.")]
    async for raw in read_all(kafka, names):
        places += 1
        headers = (value or b"" for _, value in raw.headers)
        content = b" ".join((raw.key or b"", raw.value or b"", *headers))
        leaks += find(f"{raw.topic} {raw.partition}/{raw.offset}", content, secrets)
    for place, content in await _pages(replicas):
        places += 1
        leaks += find(place, content, secrets)
    return leaks, places


def find(place: str, content: bytes, secrets: Mapping[str, str]) -> Iterator[Leak]:
    """Each secret that stands there."""
    return (Leak(place, name) for name, secret in secrets.items() if secret.encode() in content)


async def _pages(replicas: Sequence[Replica]) -> list[tuple[str, bytes]]:
    pages = [(f"the log of {it.name}", it.log.read_bytes()) for it in replicas if it.log.exists()]
    async with httpx.AsyncClient(timeout=20) as http:
        for replica in replicas:
            if replica.alive:
                metrics = await http.get(f"{replica.address}/metrics")
                pages.append((f"the metrics of {replica.name}", metrics.content))
    return pages
