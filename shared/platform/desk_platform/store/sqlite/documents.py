"""`Documents` in a file of SQLite: one row each, guarded by its version, outbox included.

Facets are JSON in the row; each combination that a schema searches has an index on them.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic

from desk_platform.store.document import S, Stored, Unreadable, whole_milliseconds
from desk_platform.store.documents import Schema
from desk_platform.store.listings import Facets, Listed
from desk_platform.store.sqlite.bulk import change_rows
from desk_platform.store.sqlite.calls import SqliteKeptCalls
from desk_platform.store.sqlite.facets import path_of, read_facets, to_sql, write_facets
from desk_platform.store.sqlite.file import Ask, SqliteFile, T
from desk_platform.store.sqlite.messages import read_messages, write_messages
from desk_platform.store.sqlite.moments import instant, micros
from desk_platform.store.states import States

# Small ones first: what follows a large text lies on other pages.
COLUMNS = (
    "id", "version", "sequence", "pending", "recorded", "due",
    "facets", "marks", "identities", "buffered", "outbox", "brief", "state",
)  # fmt: skip
ALL = ", ".join(COLUMNS)
_VERSION, _FACETS = COLUMNS.index("version"), COLUMNS.index("facets")
_Row = tuple[Any, ...]
_Page = tuple[str, list[object]]


def table_of(collection: str) -> str:
    """The name of a collection's table, quoted."""
    return '"documents of {}"'.format(collection.replace('"', '""'))


def make_table(connection: sqlite3.Connection, collection: str) -> None:
    """The table of a collection, if it is not there."""
    columns = ["id TEXT PRIMARY KEY", "version INTEGER NOT NULL", *COLUMNS[2:]]
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table_of(collection)} ({', '.join(columns)})")


class SqliteDocuments(Generic[S]):
    """`Documents` in a table of its own."""

    def __init__(self, file: SqliteFile, schema: Schema[S], now: Callable[[], datetime]) -> None:
        self._file, self._schema, self._now = file, schema, now
        self._states = States(schema)
        self._table = table = table_of(schema.collection)
        new = {name: f"new.column{place}" for place, name in enumerate(COLUMNS, start=1)}
        guarded = (
            "FROM (VALUES ?) AS new"
            f" WHERE kept.id = {new['id']} AND kept.version = {new['version']} - 1"
        )
        all_changed = ", ".join(f"{name} = {new[name]}" for name in COLUMNS[1:])
        # Whatever `SET` names has its indexes written again, also if it stays: random pages of
        # each index on facets, which mostly stay.
        most_changed = ", ".join(
            f"{name} = {new[name]}" for name in COLUMNS[1:] if name != "facets"
        )
        self._insert = f"INSERT OR IGNORE INTO {table} ({ALL}) VALUES ?"
        self._update = f"UPDATE OR IGNORE {table} AS kept SET {all_changed} {guarded}"
        self._update_most = (
            f"UPDATE {table} AS kept SET {most_changed} {guarded}"
            f" AND kept.facets IS {new['facets']}"
        )
        self._is_prepared = False
        self.identities = SqliteKeptCalls(file, now, f"{schema.collection}.handled")

    async def prepare(self) -> None:
        """Make the table and its indexes; harmless when they are there."""
        await self.identities.prepare()
        await self._file.write(self._make)
        self._is_prepared = True

    def _make(self, connection: sqlite3.Connection) -> None:
        make_table(connection, self._schema.collection)
        for name in self._schema.unique:
            self._index(connection, f"unique {name}", path_of(name), unique=True)
        for names in self._schema.searches:
            paths = ", ".join((*map(path_of, names), "id"))
            self._index(connection, f"by {' '.join(names)}", paths)
        for name in ("due", "pending"):
            self._index(connection, name, name, where=f"{name} IS NOT NULL")

    def _index(
        self,
        connection: sqlite3.Connection,
        name: str,
        what: str,
        *,
        unique: bool = False,
        where: str = "",
    ) -> None:
        quoted = f'"{self._schema.collection}: {name}"'
        kind, only = "UNIQUE INDEX" if unique else "INDEX", f" WHERE {where}" if where else ""
        connection.execute(f"CREATE {kind} IF NOT EXISTS {quoted} ON {self._table} ({what}){only}")

    async def load(self, ids: Iterable[str]) -> dict[str, Stored[S]]:
        """The documents that exist, by id, in one read; `Unreadable` names those that cannot be."""
        query = f"SELECT {ALL} FROM {self._table} WHERE id IN (SELECT value FROM json_each(?))"
        rows = await self._rows(query, [json.dumps(list(ids))])
        documents = {document.id: document for document in map(self._read, rows)}
        broken = [item.unreadable for item in documents.values() if item.unreadable is not None]
        if broken:
            raise Unreadable({id: why for error in broken for id, why in error.reasons.items()})
        return documents

    async def states(self, ids: Iterable[str]) -> dict[str, S | Unreadable | None]:
        """Of those that exist only the state, or why it cannot be read."""
        query = f"SELECT id, state FROM {self._table} WHERE id IN (SELECT value FROM json_each(?))"
        rows = await self._rows(query, [json.dumps(list(ids))])
        read = ((id, *self._states.read(id, text)) for id, text in rows)
        return {id: unreadable or state for id, state, unreadable in read}

    async def write(self, documents: Sequence[Stored[S]]) -> frozenset[str]:
        """Write each document over the version it was loaded with.

        Returns the ids whose guard failed: somebody else was faster, load them again.
        """
        if not documents:
            return frozenset()
        now = micros(self._now())
        rows = [self._row(document, now) for document in documents]

        def put(connection: sqlite3.Connection) -> frozenset[str]:
            if len(rows) > 1 and self._put_all(connection, rows):
                return frozenset()
            return frozenset(row[0] for row in rows if not self._put_one(connection, row))

        return await self._write(put)

    def _put_all(self, connection: sqlite3.Connection, rows: Sequence[_Row]) -> bool:
        """All of them in few statements; nothing if a guard or a unique facet is in the way."""
        first = [row for row in rows if row[_VERSION] == 1]
        again = [row for row in rows if row[_VERSION] > 1]
        connection.execute("SAVEPOINT bulk")
        written = change_rows(connection, self._insert, first)
        changed = change_rows(connection, self._update_most, again)
        if changed < len(again):
            changed += change_rows(connection, self._update, again)
        is_whole = written + changed == len(rows)
        if not is_whole:
            connection.execute("ROLLBACK TO bulk")
        connection.execute("RELEASE bulk")
        return is_whole

    def _put_one(self, connection: sqlite3.Connection, row: _Row) -> bool:
        if row[_VERSION] == 1:
            return change_rows(connection, self._insert, [row]) == 1
        return (
            change_rows(connection, self._update_most, [row]) == 1
            or change_rows(connection, self._update, [row]) == 1
        )

    async def remove(self, documents: Sequence[Stored[S]]) -> int:
        """Remove these versions, and none that somebody wrote since; how many there were."""
        delete = f"DELETE FROM {self._table} WHERE id = ? AND version = ?"
        guards = [(document.id, document.version) for document in documents]
        if not guards:
            return 0
        return await self._write(lambda file: file.executemany(delete, guards).rowcount)

    async def clear_outboxes(self, published: Sequence[Stored[S]]) -> None:
        """Note that the outboxes of these versions are published. A newer version keeps its own."""
        change = (
            f"UPDATE {self._table} AS kept SET outbox = NULL, pending = NULL, recorded = NULL"
            " FROM (VALUES ?) AS new"
            " WHERE kept.id = new.column1 AND kept.version = new.column2"
        )
        guards = [(document.id, document.version) for document in published]
        if guards:
            await self._write(lambda connection: change_rows(connection, change, guards))

    async def postpone(self, documents: Sequence[Stored[S]], until: datetime) -> None:
        """Of these versions only the outbox that they have here is still to be published, and not
        before `until`. A newer version keeps its own."""
        change = f"UPDATE {self._table} SET outbox = ?, pending = ? WHERE id = ? AND version = ?"
        rows = [
            (write_messages(item.outbox), micros(until), item.id, item.version)
            for item in documents
        ]
        if rows:
            await self._write(lambda connection: connection.executemany(change, rows))

    async def pending(self, older_than: datetime, limit: int) -> list[Stored[S]]:
        """Documents whose outbox has waited since before `older_than`."""
        query = f"SELECT {ALL} FROM {self._table} WHERE pending <= ? ORDER BY pending LIMIT ?"
        return [self._read(row) for row in await self._rows(query, [micros(older_than), limit])]

    async def has_unpublished(self, recorded_by: datetime) -> bool:
        """Whether something that was recorded by then waits to be published, put off or not."""
        query = (
            f"SELECT 1 FROM {self._table} WHERE pending IS NOT NULL"
            " AND (recorded <= ? OR recorded IS NULL) LIMIT 1"
        )
        return bool(await self._rows(query, [micros(recorded_by)]))

    async def due(self, until: datetime, limit: int) -> list[tuple[datetime, str]]:
        """Moments and ids of the timers that fire no later than `until`, soonest first."""
        query = f"SELECT due, id FROM {self._table} WHERE due <= ? ORDER BY due LIMIT ?"
        rows = await self._rows(query, [micros(until), limit])
        return [(instant(due), id) for due, id in rows]

    async def put_off(self, id: str, now: datetime, until: datetime) -> None:
        """Move the timer of a document that is due at `now`, which no rule could be asked for."""
        change = f"UPDATE {self._table} SET due = ? WHERE id = ? AND due <= ?"
        values = (micros(whole_milliseconds(until)), id, micros(whole_milliseconds(now)))
        await self._write(lambda connection: connection.execute(change, values))

    async def take_up(self, since: datetime, now: datetime) -> int:
        """Make due now what was put off until `since` or later; how many there were."""
        change = f"UPDATE {self._table} SET due = ? WHERE due >= ?"
        values = (micros(whole_milliseconds(now)), micros(since))
        return await self._write(lambda connection: connection.execute(change, values).rowcount)

    async def find(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[Stored[S]]:
        """Documents with these facets in ascending (order, id), from behind `after`."""
        condition, values = self._page(facets, order, after, limit)
        rows = await self._rows(f"SELECT {ALL} FROM {self._table}{condition}", values)
        return [self._read(row) for row in rows]

    async def find_facets(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[tuple[str, Facets]]:
        """Of the same documents only ids and facets."""
        condition, values = self._page(facets, order, after, limit)
        rows = await self._rows(f"SELECT id, facets FROM {self._table}{condition}", values)
        return [(id, read_facets(text)) for id, text in rows]

    async def find_brief(
        self,
        facets: Facets,
        *,
        order: str = "_id",
        after: tuple[object, str] | None = None,
        limit: int = 100,
    ) -> list[Listed[S]]:
        """Of the same documents the states as listings show them."""
        condition, values = self._page(facets, order, after, limit)
        shown = "id, facets, coalesce(brief, state)"
        rows = await self._rows(f"SELECT {shown} FROM {self._table}{condition}", values)
        return [
            Listed(
                id,
                id if order == "_id" else read_facets(text).get(order),
                self._states.read(id, state)[0],
            )
            for id, text, state in rows
        ]

    async def versions(self, ids: Iterable[str]) -> dict[str, int]:
        """The versions of the documents that exist."""
        query = (
            f"SELECT id, version FROM {self._table} WHERE id IN (SELECT value FROM json_each(?))"
        )
        return dict(await self._rows(query, [json.dumps(list(ids))]))

    async def count(self) -> int:
        """How many documents there are."""
        [(number,)] = await self._rows(f"SELECT count(*) FROM {self._table}", [])
        return int(number)

    async def _rows(self, query: str, values: Sequence[object]) -> list[Any]:
        if not self._is_prepared:
            await self.prepare()
        return await self._file.read(
            lambda connection: connection.execute(query, values).fetchall()
        )

    async def _write(self, change: Ask[T]) -> T:
        if not self._is_prepared:
            await self.prepare()
        return await self._file.write(change)

    def _page(
        self, facets: Facets, order: str, after: tuple[object, str] | None, limit: int
    ) -> _Page:
        """What follows the table's name, and its values."""
        self._schema.check_query(facets, order)
        conditions = [f"{path_of(name)} IS ?" for name in facets]
        values: list[object] = [to_sql(value) for value in facets.values()]
        sort = "id" if order == "_id" else f"{path_of(order)}, id"
        if after is not None:
            value, last = after
            if order == "_id":
                conditions.append("id > ?")
                values.append(last)
            else:
                conditions.append(f"({sort}) > (?, ?)")
                values += [to_sql(value), last]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"{where} ORDER BY {sort} LIMIT ?", [*values, limit]

    def _row(self, document: Stored[S], now: int) -> _Row:
        """In the order of `COLUMNS`; empty fields are NULL, so that no index holds them."""
        state, brief, facets = None, None, None
        if document.state is not None:
            state = self._states.write(document.state, document.id)
            facets = write_facets(self._schema.facets_of(document.state))
            shown = self._states.write_brief(document.state, state)
            brief = None if shown is state else shown
        recorded = None
        if document.outbox:
            # Longer than now what was put off, or was written anew, waits already.
            recorded = now if document.waits_since is None else micros(document.waits_since)
        return (
            document.id,
            document.version + 1,
            document.sequence,
            now if document.outbox else None,
            recorded,
            None if document.due is None else micros(whole_milliseconds(document.due)),
            facets,
            json.dumps(document.marks) if document.marks else None,
            json.dumps(list(document.recent.items())) if document.recent else None,
            write_messages(document.buffered),
            write_messages(document.outbox),
            brief,
            state,
        )

    def _read(self, row: _Row) -> Stored[S]:
        """One that cannot be read has no state and says why."""
        id, version, sequence, _, recorded, due, _, marks, recent, buffered, outbox, _, text = row
        state, unreadable = self._states.read(id, text)
        return Stored(
            id=id,
            version=version,
            state=state,
            unreadable=unreadable,
            waits_since=None if recorded is None else instant(recorded),
            marks=json.loads(marks) if marks else {},
            recent=dict(json.loads(recent)) if recent else {},
            sequence=sequence,
            buffered=read_messages(buffered),
            outbox=read_messages(outbox),
            due=None if due is None else instant(due),
        )
