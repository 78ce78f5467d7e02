"""The files of the embedded store as a victim: while they are paused somebody else has their locks.

There is no process to kill, and what is killed with a service is in its own faults.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path

from desk_storm.faults import FULL, Kind

# Who writes holds its lock for a moment only.
_LOCKED_WITHIN = 2.0
# There is no server that could be killed, and its disk is that of the services' logs.
NO_FAULTS = frozenset({Kind.KILL_STORE, *FULL} - {Kind.FULL_BROKER})


class StoreFiles:
    """As a backup does that takes its time: nobody else can write meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[sqlite3.Connection] = []

    def pause(self) -> None:
        """Take the write lock of each file that can be had."""
        for path in sorted(self._folder.glob("*.sqlite3")):
            connection = sqlite3.connect(path, timeout=_LOCKED_WITHIN, isolation_level=None)
            self._held.append(connection)
            with suppress(sqlite3.OperationalError):
                connection.execute("BEGIN IMMEDIATE")

    def resume(self) -> None:
        """Give all of them back."""
        while self._held:
            self._held.pop().close()
