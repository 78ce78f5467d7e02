"""The agent's one file: journal, spool, policies. SQLite, forced to the disk with every commit.

What belongs together is one transaction: an outcome and its answer, or neither.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
  key TEXT PRIMARY KEY, action TEXT NOT NULL, parameters TEXT NOT NULL, command TEXT,
  policy TEXT, digest TEXT NOT NULL, token INTEGER NOT NULL, baseline TEXT NOT NULL,
  value REAL, state TEXT NOT NULL, reason TEXT, details TEXT NOT NULL DEFAULT '{}',
  started_at REAL NOT NULL, ended_at REAL, is_reported INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_state ON orders (state);
CREATE INDEX IF NOT EXISTS orders_reported ON orders (is_reported);
CREATE TABLE IF NOT EXISTS tokens (
  run TEXT PRIMARY KEY, token INTEGER NOT NULL, seen_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS policies (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spool (
  number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, type TEXT NOT NULL,
  data TEXT NOT NULL, may_drop INTEGER NOT NULL
);
"""


class Database:
    """One connection, one writer at a time; from any thread."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # Before the effect the intent is on the disk, whatever happens to the power.
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)
        file.chmod(0o600)
        with self.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO meta VALUES ('journal', ?)", (uuid4().hex[:16],)
            )
        self.journal = self.read_meta("journal") or ""

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing, and on the disk when it is over. May stand in another one."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection

    def read(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """The rows as they are now."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def read_meta(self, name: str) -> str | None:
        """A single value by its name."""
        rows = self.read("SELECT value FROM meta WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def write_meta(self, name: str, value: str) -> None:
        """Keep a single value."""
        with self.write() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
