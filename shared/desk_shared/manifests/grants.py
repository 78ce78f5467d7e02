"""Who may do what on Kafka, from the topic catalogue alone: one topic, one writer, nothing more.

Describe is not granted by itself where Read or Write is: on Kafka these include it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from desk_shared.events import names
from desk_shared.events.topics import (
    SERVICES,
    Service,
    Topic,
    all_topics,
    team_topic,
    topics_read_by,
)

Operation = Literal["Read", "Write", "Describe"]


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
class User:
    """Somebody who signs in to Kafka, with every right they have."""

    name: str
    grants: tuple[Grant, ...]

    def may(self, operation: Operation, resource: str, name: str) -> bool:
        """Whether one of the grants allows it."""
        return any(
            operation in grant.operations and grant.covers(resource, name) for grant in self.grants
        )


def all_users(teams: Iterable[str]) -> tuple[User, ...]:
    """Every user of a desk whose charter names these teams."""
    team_names = sorted(teams)
    topics = all_topics(team_names)
    return (
        *(service_user(service, topics) for service in SERVICES),
        *_publishers(topics),
        _endpoint_agents(),
        *(_team_user(team) for team in team_names),
        _operator(),
        _autoscaler(),
    )


def service_user(service: Service, topics: Iterable[Topic]) -> User:
    """A service reads what it subscribes to and writes what it alone writes."""
    grants = [
        Grant("topic", topic.name, operations)
        for topic in topics
        if (operations := _operations(service, topic))
    ]
    return User(f"desk-{service}", (*grants, *_groups(service)))


def _operations(service: Service, topic: Topic) -> tuple[Operation, ...]:
    reads: tuple[Operation, ...] = ("Read",) if service in topic.readers else ()
    writes: tuple[Operation, ...] = ("Write",) if topic.writer == service else ()
    return reads + writes


def _groups(owner: str) -> Iterator[Grant]:
    """The group itself, and its lanes and retries; not just any group whose name begins so."""
    yield Grant("group", owner, ("Read",))
    yield Grant("group", f"{owner}.", ("Read",), "prefix")


def _publishers(topics: Iterable[Topic]) -> Iterator[User]:
    """Outside systems publish; one user for each topic of theirs, and no reading."""
    for topic in topics:
        if topic.writer == "outside":
            yield User(
                f"desk-publisher-{_last_word(topic.name)}",
                (Grant("topic", topic.name, ("Write",)),),
            )


def _endpoint_agents() -> User:
    grants = (
        Grant("topic", names.ACTIONS, ("Read",)),
        Grant("topic", names.ACTION_RESULTS, ("Write",)),
        Grant("topic", names.TELEMETRY, ("Write",)),
        Grant("group", "endpoints.", ("Read",), "prefix"),
    )
    return User("desk-endpoints", grants)


def _team_user(team: str) -> User:
    """A team reads its own notifications with any tool it likes."""
    name = f"team-{team}"
    return User(f"desk-{name}", (Grant("topic", team_topic(team), ("Read",)), *_groups(name)))


def _operator() -> User:
    """Looks at everything, changes nothing; needs no group, so it never moves anybody's offsets."""
    grants = (
        Grant("topic", "desk.", ("Read",), "prefix"),
        *(Grant("group", service, ("Describe",), "prefix") for service in SERVICES),
    )
    return User("desk-operator", grants)


def _autoscaler() -> User:
    """Sees ends of topics and positions of groups, never a record."""
    names_read = {topic.name for service in SERVICES for topic in topics_read_by(service)}
    read = [Grant("topic", name, ("Describe",)) for name in sorted(names_read)]
    groups = (Grant("group", service, ("Describe",), "prefix") for service in SERVICES)
    return User("desk-autoscaler", (*read, *groups))


def _last_word(topic: str) -> str:
    return topic.removeprefix("desk.").replace(".", "-")
