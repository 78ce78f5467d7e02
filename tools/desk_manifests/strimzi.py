"""Topics and users as Strimzi objects (`kafka.strimzi.io/v1`, Strimzi 1.0 and newer)."""

from collections.abc import Iterable

from desk_charter.sources import OutsideSystem
from desk_contracts.topics import Topic, all_topics
from desk_platform.kafka.admin import topic_config

from desk_manifests.documents import Document
from desk_manifests.grants import User, all_users

API = "kafka.strimzi.io/v1"
CLUSTER = "desk"
# Three copies, two of which must have a record before it is acknowledged: one broker may be away.
REPLICAS = 3


def topic_documents(teams: Iterable[str]) -> list[Document]:
    """A KafkaTopic for every topic, retry and dead-letter topics included."""
    return [_topic(topic) for topic in all_topics(teams)]


def user_documents(teams: Iterable[str], sources: Iterable[OutsideSystem] = ()) -> list[Document]:
    """A KafkaUser for everybody who signs in, with the rights they need and no other."""
    return [_user(user) for user in all_users(teams, sources)]


def _topic(topic: Topic) -> Document:
    spec: Document = {
        "partitions": topic.partitions,
        "replicas": REPLICAS,
        "config": topic_config(topic, REPLICAS),
    }
    return _object("KafkaTopic", topic.name, spec)


def _user(user: User) -> Document:
    acls = [
        {
            "resource": {"type": grant.resource, "name": grant.name, "patternType": grant.pattern},
            "operations": list(grant.operations),
        }
        for grant in user.grants
    ]
    spec: Document = {
        "authentication": {"type": "scram-sha-512"},
        "authorization": {"type": "simple", "acls": acls},
        "quotas": {
            "producerByteRate": user.quotas.bytes_per_second,
            "consumerByteRate": user.quotas.bytes_per_second,
            "requestPercentage": user.quotas.request_percentage,
        },
    }
    return _object("KafkaUser", user.name, spec)


def _object(kind: str, name: str, spec: Document) -> Document:
    metadata = {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}
