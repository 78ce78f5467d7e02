"""Who may do what on Kafka, from the topic catalogue and the charter: one topic, one writer.

Describe is not granted by itself where Read or Write is: on Kafka these include it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from desk_charter.sources import OutsideSystem
from desk_contracts import names
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.topics import SERVICES, Service, Topic, all_topics, team_topic, topics_read_by

Operation = Literal["Read", "Write", "Describe"]

_MEBIBYTE = 1024 * 1024
# Share of one broker's threads that one user may take, in percent of one thread.
_REQUEST_SHARE = 25
# A team that reads its notifications anew from the first one is not in a hurry.
_TEAM_BYTES_PER_SECOND = 8 * _MEBIBYTE
# Ten times what a thousand tickets a second need, so that only a fault is ever slowed down.
_SERVICE_BYTES_PER_SECOND, _SERVICE_REQUEST_SHARE = 64 * _MEBIBYTE, 400
# An audit reads a whole topic, beside services that work.
_OPERATOR_BYTES_PER_SECOND, _OPERATOR_REQUEST_SHARE = 32 * _MEBIBYTE, 100


@dataclass(frozen=True, slots=True)
class Grant:
    """Operations on one topic or consumer group, or on all whose names begin so."""

    resource: Literal["topic", "group"]
    name: str
    operations: tuple[Operation, ...]
    pattern: Literal["literal", "prefix"] = "literal"

    def covers(self, resource: str, name: str) -> bool:
        """Whether Kafka would apply it to a resource of this name."""
        fits = name.startswith(self.name) if self.pattern == "prefix" else name == self.name
        return self.resource == resource and fits


@dataclass(frozen=True, slots=True)
class Quotas:
    """What one user may take of each broker, replicas together; more is slowed down by Kafka."""

    bytes_per_second: int
    request_percentage: int = _REQUEST_SHARE


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in to Kafka, with every right they have and what they may take."""

    name: str
    grants: tuple[Grant, ...]
    quotas: Quotas

    def may(self, operation: Operation, resource: str, name: str) -> bool:
        """Whether one of the grants allows it."""
        return any(
            operation in grant.operations and grant.covers(resource, name) for grant in self.grants
        )


_GROUPS_SEEN = tuple(Grant("group", service, ("Describe",), "prefix") for service in SERVICES)
# Looks at everything, changes nothing; needs no group, so it never moves anybody's offsets.
_OPERATOR = User(
    "desk-operator",
    (Grant("topic", "desk.", ("Read",), "prefix"), *_GROUPS_SEEN),
    Quotas(_OPERATOR_BYTES_PER_SECOND, _OPERATOR_REQUEST_SHARE),
)
_READ = sorted({topic.name for service in SERVICES for topic in topics_read_by(service)})
# Sees ends of topics and positions of groups, never a record.
_AUTOSCALER = User(
    "desk-autoscaler",
    (*(Grant("topic", name, ("Describe",)) for name in _READ), *_GROUPS_SEEN),
    Quotas(_MEBIBYTE),
)


def all_users(teams: Iterable[str], sources: Iterable[OutsideSystem] = ()) -> tuple[User, ...]:
    """Every user of a desk whose charter names these teams and sources."""
    team_names = sorted(teams)
    topics = all_topics(team_names)
    users = [service_user(service, topics) for service in SERVICES]
    for system in sources:
        if system.kafka_user is not None:
            # Whoever is revoked keeps a user without rights: an apply takes rights away and
            # removes nobody.
            grants = () if system.revoked else tuple(_of_system(system, system.kafka_user))
            users.append(User(system.kafka_user, grants, Quotas(system.bytes_per_second)))
    for team in team_names:
        # A team reads its own notifications with any tool it likes.
        name = f"team-{team}"
        grants = (Grant("topic", team_topic(team), ("Read",)), *_groups(name))
        users.append(User(f"desk-{name}", grants, Quotas(_TEAM_BYTES_PER_SECOND)))
    return (*users, _OPERATOR, _AUTOSCALER)


def service_user(service: Service, topics: Iterable[Topic]) -> User:
    """A service reads what it subscribes to and writes what it alone writes, or passes on."""
    grants: list[Grant] = []
    for topic in topics:
        operations: tuple[Operation, ...] = ()
        if service in topic.readers or service in topic.followers:
            operations += ("Read",)
        if topic.writer == service or service in (*topic.relays, *topic.shared_by):
            operations += ("Write",)
        if operations:
            grants.append(Grant("topic", topic.name, operations))
    return User(
        f"desk-{service}",
        (*grants, *_groups(service)),
        Quotas(_SERVICE_BYTES_PER_SECOND, _SERVICE_REQUEST_SHARE),
    )


def _groups(owner: str) -> Iterator[Grant]:
    """The group itself, and those named after it; not just any group whose name begins so."""
    yield Grant("group", owner, ("Read",))
    yield Grant("group", f"{owner}.", ("Read",), "prefix")


def _of_system(system: OutsideSystem, user: str) -> Iterator[Grant]:
    """It writes the topics of its types. Devices' agents are told what to do, and answer."""
    topics = dict.fromkeys(PAYLOADS[type].TOPIC for type in system.types)
    if system.endpoints:
        topics |= {names.ACTION_RESULTS: None}
    for topic in topics:
        yield Grant("topic", topic, ("Write",))
    if system.endpoints:
        yield Grant("topic", names.ACTIONS, ("Read",))
        # Whatever the user is called, this is no group of the desk's own.
        yield Grant("group", f"endpoints.{user}.", ("Read",), "prefix")
