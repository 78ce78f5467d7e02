"""Gives the users of a broker the rights that the manifests render, in one request."""

from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import NoError, for_code
from aiokafka.protocol.admin import CreateAclsRequest_v1
from aiokafka.protocol.api import Request
from desk_manifests.grants import User

# Numbers of Kafka's protocol.
_RESOURCES = {"topic": 2, "group": 3}
_PATTERNS = {"literal": 3, "prefix": 4}
_OPERATIONS = {"Read": 3, "Write": 4, "Describe": 8}
_ALLOW = 3

Creation = tuple[int, str, int, str, str, int, int]


class _CreateAcls(Request[CreateAclsRequest_v1]):  # type: ignore[misc]  # aiokafka has no types
    """Many at once; aiokafka's own request takes one."""

    API_KEY = 30

    def __init__(self, creations: list[Creation]) -> None:
        self._creations = creations

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        return request_struct_class(self._creations)


async def give_rights(bootstrap: str, users: Iterable[User]) -> int:
    """How many rights there are now; raises for the first that the brokers refuse."""
    creations = [
        (
            _RESOURCES[grant.resource],
            grant.name,
            _PATTERNS[grant.pattern],
            f"User:{user.name}",
            "*",
            _OPERATIONS[operation],
            _ALLOW,
        )
        for user in users
        for grant in user.grants
        for operation in grant.operations
    ]
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        client = producer.client
        response: Any = await client.send(client.get_random_node(), _CreateAcls(creations))
    finally:
        await producer.stop()
    for code, message in response.creation_responses:
        if (error := for_code(code)) is not NoError:
            raise error(message)
    return len(creations)
