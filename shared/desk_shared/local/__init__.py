"""Real Kafka and a MongoDB-wire store on one machine without containers, and the services."""

from desk_shared.local.processes import CannotStart
from desk_shared.local.servers import KafkaServer, LocalServers, MongoServer, local_servers

__all__ = ["CannotStart", "KafkaServer", "LocalServers", "MongoServer", "local_servers"]
