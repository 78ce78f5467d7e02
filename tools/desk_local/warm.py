"""Run each Java server once after a build, so that later starts find its classes loaded."""

import tempfile
from pathlib import Path

from desk_local import toolchain
from desk_local.daemon import Daemon
from desk_local.jvm import Java
from desk_local.paths import Places
from desk_local.ports import free_ports
from desk_local.servers import KafkaServer, MongoServer


def keep_classes() -> None:
    """Costs some seconds once; Java writes the archive when the server stops."""
    java = Java(is_quick=True, keeps_classes=True)
    with tempfile.TemporaryDirectory(prefix="desk-warm-") as folder:
        places = Places(Path(folder))
        broker, controller, store = free_ports(3)
        servers: list[Daemon] = [
            KafkaServer(places, (broker, controller), attached=True, java=java),
            MongoServer(places, store, "h2", attached=True, java=java),
        ]
        for server in servers:
            if not toolchain.archive_of(server.name).exists():
                server.start()
                server.stop()
