"""The settings of the one local Kafka node: quick to start, small, strict about topics."""

from pathlib import Path

from desk_local.ports import HOST

_FIXED = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    # Topics exist because `desk topics apply` made them, never because somebody misspelt one.
    "auto.create.topics.enable": "false",
    "num.partitions": "6",
    # One node: nothing can be copied to a second one.
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # A consumer that joins alone starts at once, and a dead one is noticed within a second.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    "group.consumer.min.session.timeout.ms": "500",
    "group.consumer.min.heartbeat.interval.ms": "100",
    # A killed node is let back in when its old session is over: 9 s by default, 3 here.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # The heap is 512 MB: the default buffer of the log cleaner alone would be a quarter of it.
    "log.cleaner.dedupe.buffer.size": "4194304",
    "log.index.size.max.bytes": "1048576",
    # An answered fetch is kept with each of its partitions until this many have gathered. They
    # outlive the nursery, and the full collections that they cause halt the broker for 0.1 s.
    "fetch.purgatory.purge.interval.requests": "50",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
}


def render(logs: Path, port: int, controller_port: int) -> str:
    """A server.properties file."""
    settings = {
        **_FIXED,
        "log.dirs": str(logs),
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())
