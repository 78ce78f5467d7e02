"""A client that cannot reach the brokers asks for them again soon, and not as fast as it can.

aiokafka 0.14's producer asks anew the moment an answer fails: with the brokers away a service used
15 % of a core and wrote 800 lines of log a second. Here a failed answer comes after a pause.
"""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from weakref import WeakKeyDictionary

from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from desk_kernel import Backoff

# The longest is what a broker that is back is found later at most.
PAUSES = Backoff(timedelta(milliseconds=100), timedelta(seconds=1))

_ask = AIOKafkaClient._metadata_update  # noqa: SLF001 (nothing public does)
_failures: WeakKeyDictionary[AIOKafkaClient, int] = WeakKeyDictionary()


def wait_between_metadata_requests() -> None:
    """Have every client of this process do so."""
    AIOKafkaClient._metadata_update = _ask_and_wait  # noqa: SLF001


async def _ask_and_wait(
    client: AIOKafkaClient, cluster: ClusterMetadata, topics: Collection[str]
) -> bool:
    """What aiokafka answers: whether the brokers said what they have."""
    is_answered: bool = await _ask(client, cluster, topics)
    if is_answered:
        _failures.pop(client, None)
        return True
    _failures[client] = failures = _failures.get(client, 0) + 1
    await asyncio.sleep(PAUSES.after(failures).total_seconds())
    return False
