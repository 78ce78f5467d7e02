"""What the agent was ordered to do and what came of it: written before the act, and after it.

An order is known by its key for ever as far as it matters: longer than any command may live.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from desk_contracts.device_orders import DeviceCommand, DevicePolicy
from desk_contracts.message import Message

from desk_agent.database import Database
from desk_agent.entry import Entry, OrderState

# Commands live for an hour; this bears any clock, and whoever has to look into it.
KEPT = timedelta(days=90)


class Journal:
    """The orders of this device."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key: str) -> Entry | None:
        """The order of this key, if it ever came here."""
        rows = self._database.read(f"{_SELECT} WHERE key = ?", key)
        return _entry(rows[0]) if rows else None

    def open_entries(self) -> list[Entry]:
        """What was begun and is not known to have ended."""
        rows = self._database.read(f"{_SELECT} WHERE state = ?", OrderState.INTENT.value)
        return [_entry(row) for row in rows]

    def applications(self, policy: str) -> list[Entry]:
        """Every time that a policy acted, the newest last."""
        rows = self._database.read(f"{_SELECT} WHERE policy_id = ? ORDER BY started_at", policy)
        return [_entry(row) for row in rows]

    def list_unreported(self) -> list[Entry]:
        """What policies did, ended, and the desk was not told of yet."""
        rows = self._database.read(
            f"{_SELECT} WHERE is_reported = 0 AND state != ?", OrderState.INTENT.value
        )
        return [_entry(row) for row in rows]

    def mark_reported(self, key: str) -> None:
        """The desk will be told: stands in the transaction of what is sent."""
        with self._database.write() as connection:
            connection.execute("UPDATE orders SET is_reported = 1 WHERE key = ?", (key,))

    def record_intent(self, entry: Entry) -> None:
        """On the disk before anything is done."""
        with self._database.write() as connection:
            _write(connection, entry)

    def record_outcome(
        self, key: str, state: OrderState, reason: Message, details: Mapping[str, str], at: datetime
    ) -> None:
        """What came of it. Stands in the transaction of whoever also writes the answer."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE orders SET state = ?, reason = ?, details = ?, ended_at = ? WHERE key = ?",
                (state.value, reason.model_dump_json(), _json(details), at.timestamp(), key),
            )

    def largest_token(self, run: str) -> int:
        """The largest fencing token of a run that was seen; 0 for a run never heard of."""
        rows = self._database.read("SELECT token FROM tokens WHERE run = ?", run)
        return int(str(rows[0][0])) if rows else 0

    def raise_token(self, run: str, token: int, at: datetime) -> None:
        """From now on smaller ones are refused."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO tokens VALUES (?, ?, ?) ON CONFLICT (run) DO UPDATE SET"
                " token = max(token, excluded.token), seen_at = excluded.seen_at",
                (run, token, at.timestamp()),
            )

    def prune(self, now: datetime) -> None:
        """Forget what no command that still lives can be about."""
        before = (now - KEPT).timestamp()
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM orders WHERE state != ? AND ended_at < ?",
                (OrderState.INTENT.value, before),
            )
            connection.execute("DELETE FROM tokens WHERE seen_at < ?", (before,))


_SELECT = (
    "SELECT key, action, parameters, state, started_at, command, policy, digest, token, baseline,"
    " value, reason, details FROM orders"
)


def _entry(row: Iterable[object]) -> Entry:
    (
        key, action, parameters, state, started, command, policy, digest, token, baseline,
        value, reason, details,
    ) = row  # fmt: skip
    return Entry(
        key=str(key),
        action=str(action),
        parameters=json.loads(str(parameters)),
        state=OrderState(str(state)),
        started_at=datetime.fromtimestamp(float(str(started)), UTC),
        command=None if command is None else DeviceCommand.model_validate_json(str(command)),
        policy=None if policy is None else DevicePolicy.model_validate_json(str(policy)),
        digest=str(digest),
        token=int(str(token)),
        baseline=json.loads(str(baseline)),
        value=None if value is None else float(str(value)),
        reason=None if reason is None else Message.model_validate_json(str(reason)),
        details=json.loads(str(details)),
    )


def _write(connection: sqlite3.Connection, entry: Entry) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO orders (key, action, parameters, command, policy, digest, token,"
        " baseline, value, state, reason, details, started_at, ended_at,"
        " is_reported, policy_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.key,
            entry.action,
            _json(entry.parameters),
            None if entry.command is None else entry.command.model_dump_json(),
            None if entry.policy is None else entry.policy.model_dump_json(),
            entry.digest,
            entry.token,
            _json(entry.baseline),
            entry.value,
            entry.state.value,
            None if entry.reason is None else entry.reason.model_dump_json(),
            _json(entry.details),
            entry.started_at.timestamp(),
            None if entry.state is OrderState.INTENT else entry.started_at.timestamp(),
            # A command is answered with its outcome, in one write.
            int(entry.policy is None),
            None if entry.policy is None else entry.policy.id,
        ),
    )


def _json(value: Mapping[str, str]) -> str:
    return json.dumps(dict(value), sort_keys=True)
