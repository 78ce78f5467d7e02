"""Real Kafka and a MongoDB-wire store on one machine without containers, and the services."""

from desk_local.processes import CannotStart
from desk_local.servers import KafkaServer, LocalServers, MongoServer, local_servers

__all__ = ["CannotStart", "KafkaServer", "LocalServers", "MongoServer", "local_servers"]
