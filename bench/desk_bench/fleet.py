"""All five services as processes, for benchmarks that need the whole desk."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from desk_contracts.topics import SERVICES

from desk_bench import roundtrip
from desk_bench.rows import Row
from desk_bench.serving import ready, service


async def fleet_roundtrip(kafka: str, store_url: str, tickets: int) -> list[Row]:
    """The roundtrip of a ticket on a desk of our own."""
    with fleet(kafka, store_url) as ports:
        for port in ports.values():
            await ready(port, "/health/ready")
        return await roundtrip.run(kafka, ports["intake"], tickets)


@contextmanager
def fleet(kafka: str, store_url: str) -> Iterator[dict[str, int]]:
    """The services' ports by name; all end with the block."""
    with ExitStack() as running:
        yield {name: running.enter_context(service(name, kafka, store_url)) for name in SERVICES}
