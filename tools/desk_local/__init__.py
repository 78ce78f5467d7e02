"""Real Kafka and a MongoDB-wire store on one machine without containers, and the services."""

from desk_local.processes import CannotStart
from desk_local.servers import LocalServers, local_servers

__all__ = ["CannotStart", "LocalServers", "local_servers"]
