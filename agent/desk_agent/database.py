"""The agent's one file: journal, spool, policies. SQLite, forced to the disk with every commit.

What belongs together is one transaction: an outcome and its answer, or neither.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from desk_contracts.errors import Invalid

# The file's form is a number in it. Each change of form is a step from the one before, so that a
# file of any older agent is brought forward; of the files without a number the first is true.
_STEPS = (
    """
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
    """,
    # Whether a policy may act depends on what it did before: looked up at each measuring.
    """
    ALTER TABLE orders ADD COLUMN policy_id TEXT;
    UPDATE orders SET policy_id = json_extract(policy, '$.id');
    CREATE INDEX orders_policy ON orders (policy_id, started_at);
    """,
)
FORM = len(_STEPS)


def read_form(file: Path) -> int:
    """The form of a file, 0 for one without a number; `Invalid` if it is no file of an agent.

    Opened to read only: whatever is refused stays as it is.
    """
    if not file.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as reading:
            [(form,)] = reading.execute("PRAGMA user_version").fetchall()
    except sqlite3.DatabaseError as error:
        text = (
            f"{file} cannot be read ({error}) and is left as it is; put a whole copy in its place,"
            " or move it away and let the agent forget what it did and what it had not sent"
        )
        raise Invalid(text, code="bad-state") from error
    return int(form)


class Database:
    """One connection, one writer at a time; from any thread."""

    def __init__(self, file: Path) -> None:
        """Brings a file of an older form forward; `Invalid` for one of a newer agent."""
        form = read_form(file)
        if form > FORM:
            text = (
                f"{file} was written by a newer agent (its form is {form}, this one reads up to"
                f" {FORM}) and is left as it is; install that agent again"
            )
            raise Invalid(text, code="newer-state")
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # Before the effect the intent is on the disk, whatever happens to the power.
        self._connection.execute("PRAGMA synchronous = FULL")
        file.chmod(0o600)
        # All steps or none: a kill in the middle leaves the file in the form that it had.
        with self.write() as connection:
            for statement in ";".join(_STEPS[form:]).split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {FORM}")
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
