"""The catalogue of topics: one topic, one writer. Everything about a topic is read from here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from desk_contracts import names

Service = Literal["intake", "triage", "automation", "notify", "metrics"]
Writer = Literal["intake", "triage", "automation", "notify", "metrics", "outside"]
SERVICES: tuple[Service, ...] = ("intake", "triage", "automation", "notify", "metrics")

# Numbers of design: never changed for keyed topics without a plan, since keys would move.
PARTITIONS = 12
# Few records come here and their order is not guaranteed; a cluster pays for every partition.
SIDE_PARTITIONS = 3
# The most that a topic has on one machine, whoever makes it.
LOCAL_PARTITIONS = 6
MAX_EVENT_BYTES = 64 * 1024
# What the brokers take of one batch: of outside systems half as much as of us.
MAX_BATCH_BYTES = 1024 * 1024
MAX_OPEN_BATCH_BYTES = 512 * 1024
# What an outsider sends is read up to here and made to fit; a mail with its history, for example.
MAX_OPEN_BYTES = 256 * 1024
FOREVER = None
RETRY, DEAD = ".retry", ".dead"
_TELEMETRY_KEPT = timedelta(days=7)
# A handover between documents of metrics; everything in it can be made again from the tickets.
_CONTRIBUTIONS_KEPT = timedelta(days=7)
# A handover too, of what stands in the tickets.
_REPORTS_KEPT = timedelta(days=7)
_SIDE_KEPT = timedelta(days=30)
# A command lives for an hour at most, and policies are sent to whoever connects; what came of them
# stands in the runs. Longer than a device is away, for whoever has to look into it.
_ORDERS_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: key, only writer, readers, and how long it keeps its records (None: for ever).

    `relays` also write it, on behalf of its writers outside and under their own sources; services
    that it is `shared_by` write it too, each under keys of its own.
    `followers` read it without a group, so they have no retry topics and no dead letters: all of
    it, or its end, as the writer does that asks at its start whether its store is as new.
    What a service writes for itself alone `is_private`: it is in no public document.
    """

    name: str
    key: str
    writer: Writer
    readers: tuple[Service, ...] = ()
    kept: timedelta | None = FOREVER
    compacted: bool = False
    partitions: int = PARTITIONS
    relays: tuple[Service, ...] = ()
    followers: tuple[Service, ...] = ()
    is_private: bool = False
    shared_by: tuple[Service, ...] = ()

    @property
    def max_batch_bytes(self) -> int:
        """How large a batch of records the brokers take on it."""
        return MAX_OPEN_BATCH_BYTES if self.writer == "outside" else MAX_BATCH_BYTES


CATALOGUE: tuple[Topic, ...] = (
    Topic(names.REQUESTS, "requester", "outside", ("intake",), relays=("intake",)),
    Topic(
        names.TELEMETRY,
        "device or service",
        "outside",
        ("triage", "automation"),
        _TELEMETRY_KEPT,
        relays=("intake",),
    ),
    Topic(
        names.CHANGES,
        "service",
        "outside",
        ("intake", "triage", "automation", "metrics"),
        relays=("intake",),
    ),
    Topic(
        names.TICKETS,
        "ticket id",
        "intake",
        ("intake", "triage", "automation", "notify", "metrics"),
        followers=("intake",),
    ),
    Topic(names.FEEDBACK, "subject", "intake", ("intake", "notify", "metrics")),
    Topic(names.KNOWLEDGE, "article id", "intake", compacted=True, followers=("intake",)),
    Topic(names.TRIAGE, "ticket id", "triage", ("intake",)),
    Topic(
        names.SIGNALS,
        "device or service",
        "triage",
        ("triage", "automation", "notify", "metrics"),
    ),
    Topic(
        names.PROBLEMS,
        "problem id",
        "triage",
        ("intake", "notify", "metrics"),
        followers=("intake",),
    ),
    # Automation reads its own as well: promotion is judged by what was published.
    Topic(
        names.AUTOMATION,
        "target",
        "automation",
        ("intake", "triage", "automation", "notify", "metrics"),
    ),
    # Of another writer, so that whoever writes the transitions cannot take them back. One order.
    Topic(names.CHECKPOINTS, "partition", "metrics", partitions=1),
    Topic(names.ACTIONS, "device", "automation", kept=_ORDERS_KEPT),
    Topic(names.ACTION_RESULTS, "device", "outside", ("automation",), _ORDERS_KEPT),
    Topic(names.SLA, "ticket id", "metrics", ("intake", "triage", "notify")),
    Topic(names.SOLUTIONS, "ticket id", "metrics"),
    Topic(names.REPORTS, "owner or team", "metrics", ("notify",)),
    Topic(
        names.CONTRIBUTIONS,
        "part of a day or person",
        "metrics",
        ("metrics",),
        _CONTRIBUTIONS_KEPT,
        is_private=True,
    ),
    # One partition: what is unusual shows only beside all other tickets, in one order.
    Topic(
        names.TROUBLE,
        "the same for all",
        "triage",
        ("triage",),
        _REPORTS_KEPT,
        partitions=1,
        is_private=True,
    ),
    Topic(
        names.WATERMARKS,
        "replica of the writer",
        "intake",
        compacted=True,
        partitions=1,
        followers=("intake", "metrics", "triage"),
    ),
    # Each replica reads all of it when it starts: what is put back is erased again.
    Topic(names.ERASURES, "erasure", "intake", partitions=1, followers=SERVICES),
    # The one topic with several writers: each writes receipts of its own, under keys of its own.
    Topic(
        names.ERASURES_DONE,
        "erasure and service",
        "intake",
        partitions=1,
        shared_by=("triage", "automation", "notify", "metrics"),
    ),
)

# What other systems may read or write, and documents describe.
PUBLIC: tuple[Topic, ...] = tuple(topic for topic in CATALOGUE if not topic.is_private)
BY_NAME: dict[str, Topic] = {topic.name: topic for topic in CATALOGUE}
# What outside systems write, and anybody among them could write in another's name.
OPEN_TOPICS: frozenset[str] = frozenset(
    topic.name for topic in CATALOGUE if topic.writer == "outside"
)


def identity_retention(topic: str) -> timedelta | None:
    """How long the identities of its records are kept: a day longer than the records, and
    for ever (None) where these are kept for ever.
    """
    kept = BY_NAME[topic].kept
    return None if kept is None else kept + timedelta(days=1)


def is_private(topic: str) -> bool:
    """Whether only its own writer reads it."""
    return topic in BY_NAME and BY_NAME[topic].is_private


def team_topic(team: str) -> str:
    """The notification topic of one team, or of all employees (`names.PEOPLE`)."""
    return f"{names.NOTIFICATIONS}.{team}"


# A regular expression for the notification topics of all teams and people, side topics left out.
# The same for documents: a channel with a parameter.
TEAM_CHANNEL = f"{names.NOTIFICATIONS}.{{team}}"
ALL_TEAM_TOPICS = rf"{re.escape(names.NOTIFICATIONS)}\.[a-z0-9-]+"


def retry_topic(topic: str, group: str) -> str:
    """Where a group's records wait for their next try."""
    return f"{topic}.{group}{RETRY}"


def dead_topic(topic: str, group: str) -> str:
    """Where a group's records go that it cannot handle."""
    return f"{topic}.{group}{DEAD}"


def notification_topics(teams: Iterable[str]) -> tuple[Topic, ...]:
    """One topic for each team of the charter and one for all employees.

    Notify reads them itself, to carry their messages on by mail and through other channels.
    """
    return tuple(
        Topic(team_topic(name), "recipient", "notify", ("notify",))
        for name in (*sorted(teams), names.PEOPLE)
    )


def side_topics(topic: Topic) -> tuple[Topic, ...]:
    """The retry and dead-letter topics of each reader of a topic; the reader writes them."""
    return tuple(
        Topic(
            name(topic.name, reader),
            topic.key,
            reader,
            (reader,),
            _SIDE_KEPT,
            partitions=SIDE_PARTITIONS,
        )
        for reader in topic.readers
        for name in (retry_topic, dead_topic)
    )


def all_topics(teams: Iterable[str]) -> tuple[Topic, ...]:
    """Every topic of a desk whose charter names these teams."""
    declared = (*CATALOGUE, *notification_topics(teams))
    return (*declared, *(side for topic in declared for side in side_topics(topic)))


def topics_read_by(service: Service) -> tuple[Topic, ...]:
    """What a service subscribes to."""
    return tuple(topic for topic in CATALOGUE if service in topic.readers)
