"""Kafka and MongoDB in containers for a test run: the official images, by testcontainers."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from desk_local.ports import HOST, free_ports
from desk_local.probes import ask_mongo, kafka_answers, mongo_answers
from testcontainers.core.container import DockerContainer

KAFKA_IMAGE = "apache/kafka:4.3.0"
MONGO_IMAGE = "mongo:8.0"
_START_SECONDS = 120.0


@dataclass(frozen=True)
class Containers:
    """The official images, started by testcontainers."""

    kafka: str
    store_url: str
    started: tuple[DockerContainer, ...]

    def stop(self) -> None:
        for container in self.started:
            container.stop()


def start() -> Containers:
    """Both containers, up and answering."""
    kafka_port, mongo_port = free_ports(2)
    # A replica set of one, so that majority writes mean what they mean in production.
    command = f"mongod --replSet rs0 --bind_ip_all --port {mongo_port}"
    store = DockerContainer(MONGO_IMAGE).with_bind_ports(mongo_port, mongo_port)
    started = (_kafka(kafka_port).start(), store.with_command(command).start())
    store_url = f"mongodb://{HOST}:{mongo_port}/?directConnection=true"
    containers = Containers(f"{HOST}:{kafka_port}", store_url, started)
    try:
        _wait(lambda: kafka_answers(kafka_port), "Kafka's container")
        _wait(lambda: _is_primary(mongo_port), "MongoDB's container")
    except TimeoutError:
        containers.stop()
        raise
    return containers


def _kafka(port: int) -> DockerContainer:
    """One KRaft node, told the address under which the tests reach it."""
    listeners = "PLAINTEXT://:9092,CONTROLLER://:9093"
    return (
        DockerContainer(KAFKA_IMAGE)
        .with_bind_ports(9092, port)
        .with_env("KAFKA_NODE_ID", "1")
        .with_env("KAFKA_PROCESS_ROLES", "broker,controller")
        .with_env("KAFKA_LISTENERS", listeners)
        .with_env("KAFKA_ADVERTISED_LISTENERS", f"PLAINTEXT://{HOST}:{port}")
        .with_env("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER")
        .with_env(
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"
        )
        .with_env("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093")
        .with_env("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1")
        .with_env("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
        .with_env("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")
        .with_env("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")
        .with_env("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "500")
        .with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
    )


def _is_primary(port: int) -> bool:
    """Starts the replica set when the server is up; true once it may be written to."""
    if mongo_answers(port):
        return True
    config = {"_id": "rs0", "members": [{"_id": 0, "host": f"{HOST}:{port}"}]}
    try:
        ask_mongo(port, {"replSetInitiate": config, "$db": "admin"})
    except (OSError, EOFError):
        return False
    return False


def _wait(answers: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not answers():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not answer within {_START_SECONDS:.0f} s")
        time.sleep(0.1)
