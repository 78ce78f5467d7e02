"""Which topic it is that has a name: brokers give each topic an id, and each cluster has one.

aiokafka asks for metadata by a version without topic ids, so the newer form is here.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID

from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.errors import IncompatibleBrokerVersion, NodeNotReadyError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.types import (
    AbstractType,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

_NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class TopicIds:
    """What the brokers call themselves and their topics; a topic that is missing has no entry.

    Empty texts stand for what an old broker does not report.
    """

    cluster: str
    topics: dict[str, str]
    partitions: dict[str, list[int]] = field(default_factory=dict)


class _Uuid(AbstractType[UUID]):  # type: ignore[misc]  # aiokafka has no types
    @classmethod
    def encode(cls, value: UUID) -> bytes:
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> UUID:
        return UUID(bytes=data.read(16))


_TEXT = CompactString("utf-8")
_TAGS = ("tags", TaggedFields)
_PARTITION = Schema(
    ("error_code", Int16),
    ("partition", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)),
    ("isr", CompactArray(Int32)),
    ("offline", CompactArray(Int32)),
    _TAGS,
)


class _Response(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT), _TAGS
            ),
        ),
        ("cluster_id", _TEXT),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", _TEXT),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                ("partitions", CompactArray(_PARTITION)),
                ("operations", Int32),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class _Struct(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("topic", _TEXT), _TAGS)),
        ("allow_auto_topic_creation", Boolean),
        ("include_operations", Boolean),
        _TAGS,
    )


class _MetadataWithIds(Request[_Struct]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, topics: Collection[str]) -> None:
        self._topics: list[tuple[UUID, str, dict[int, bytes]]] = [
            (_NO_ID, topic, {}) for topic in topics
        ]

    def build(self, request_struct_class: type[_Struct]) -> _Struct:
        return request_struct_class(self._topics, False, False, {})


async def topic_ids(client: AIOKafkaClient, topics: Collection[str]) -> TopicIds:
    """Ask any broker; raises aiokafka's errors.

    Not by the connection of fetches, where the answer would wait behind a fetch that waits.
    """
    node = client.get_random_node()
    if node is None:
        raise NodeNotReadyError("no broker is known yet")
    try:
        response: Any = await client.send(
            node, _MetadataWithIds(topics), group=ConnectionGroup.COORDINATION
        )
    except (IncompatibleBrokerVersion, NotImplementedError):
        # Before Kafka 3.0 there are no ids to ask for, only the cluster's id.
        old: Any = await client.send(node, MetadataRequest(list(topics), False))
        partitions = {
            topic[1]: [part[1] for part in topic[-1]] for topic in old.topics if topic[0] == 0
        }
        return TopicIds(
            getattr(old, "cluster_id", "") or "", dict.fromkeys(partitions, ""), partitions
        )
    topics_there = [topic for topic in response.topics if topic[0] == 0]
    ids = {topic: "" if id == _NO_ID else str(id) for _, topic, id, *_ in topics_there}
    numbers = {topic[1]: [part[1] for part in topic[4]] for topic in topics_there}
    return TopicIds(response.cluster_id or "", ids, numbers)
