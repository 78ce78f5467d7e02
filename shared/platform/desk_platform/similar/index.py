"""An index of tickets in one file of SQLite: full text by FTS5, beside it what is shown of each.

The file also holds how far the topic was read, written in the same commit: after a kill it goes on
exactly there. It can be deleted at any time; then it is made anew from the topic.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

from desk_kernel.likeness import Field, Terms, read_terms, weigh_rarity

from desk_platform.similar.model import IndexedTicket
from desk_platform.store.sqlite.file import SqliteFile

# Raise it when texts are cut into other terms or the tables change: the file is made anew then.
FORM = 1
# Of which fields candidates are looked for; n-grams of whole texts are only compared.
_SEARCHED = (Field.WORDS, Field.TITLE, Field.TITLE_GRAMS)
_COLUMNS = ", ".join(_SEARCHED)
# The work of one search: at most so many terms of each field, the rarest, that stand in so many
# tickets together. Terms of more tickets are no help in finding one among them.
_MOST_TERMS = 150
_MOST_ENTRIES = {Field.WORDS: 20_000, Field.TITLE: 15_000, Field.TITLE_GRAMS: 15_000}
# Candidates by BM25, of which open and solved ones are taken in turn.
_MOST_FOUND = 400
# How often a term occurs is asked anew once there are so many per cent more tickets.
_STALE_PERCENT = 2
_MOST_REMEMBERED = 50_000

_TABLES = (
    "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS positions (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS tickets (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " code TEXT NOT NULL, is_open INTEGER NOT NULL, is_solved INTEGER NOT NULL,"
    " state TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS codes ON tickets (code)",
    # Terms are cut by us: whatever is not ASCII belongs to them. The texts are not kept twice; with
    # less `detail` than all, bm25() of a table without its content is always 0.
    f"CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5({_COLUMNS}, content='',"
    " tokenize=\"ascii tokenchars '_'\")",
    "CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(texts, 'col')",
)
_CLEARED = ("facts", "positions", "tickets", "texts", "vocabulary")


class Candidate(NamedTuple):
    """A ticket that may be meant, and its BM25 as a part of that of the best one hits."""

    ticket: IndexedTicket
    closeness: float


class Candidates(NamedTuple):
    """Candidates, the closest first."""

    open: tuple[Candidate, ...] = ()
    solved: tuple[Candidate, ...] = ()


class TicketIndex:
    """Tickets by what they say. One process writes a file."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path)
        self._rarity: dict[tuple[Field, str], int] = {}
        self._rarity_of = 0

    async def open(self, topic: str) -> Mapping[int, int]:
        """How far each partition of the topic with this id was read; another one begins anew."""

        def prepare(file: Connection) -> Mapping[int, int]:
            for table in _TABLES[:1]:
                file.execute(table)
            facts = dict(file.execute("SELECT name, value FROM facts"))
            meant = {"form": str(FORM), "topic": topic}
            if facts != meant:
                for table in reversed(_CLEARED):
                    file.execute(f"DROP TABLE IF EXISTS {table}")
            for table in _TABLES:
                file.execute(table)
            file.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", meant.items())
            return dict(file.execute("SELECT partition, next FROM positions"))

        return await self._file.write(prepare)

    async def load(self, ids: Collection[str]) -> dict[str, IndexedTicket]:
        """Those of the tickets that it has."""

        def ask(file: Connection) -> dict[str, IndexedTicket]:
            return {id: state for id in ids if (state := _read(file, "id", id)) is not None}

        return await self._file.read(ask)

    async def find(self, reference: str) -> IndexedTicket | None:
        """The ticket of an id or code."""
        return await self._file.read(
            lambda file: _read(file, "id", reference) or _read(file, "code", reference)
        )

    async def write(self, tickets: Iterable[IndexedTicket], positions: Mapping[int, int]) -> None:
        """Tickets as they are now, and how far the topic was read for it: all or nothing."""

        def change(file: Connection) -> None:
            for ticket in tickets:
                _put(file, ticket)
            file.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?)", positions.items())

        await self._file.write(change)

    async def count(self) -> int:
        """How many tickets it has."""
        return await self._file.read(_count)

    async def search(self, terms: Terms, most: int) -> Candidates:
        """The likeliest candidates for a text: at most so many open and so many solved ones."""

        def ask(file: Connection) -> Candidates:
            self._forget_stale(_count(file))
            query = self._choose(file, terms)
            rows = _match(file, query) if query else []
            # SQLite's BM25 is the lower the better.
            best = min((row[0] for row in rows), default=0.0) or -1.0
            is_open = [row for row in rows if row[2]][:most]
            is_solved = [row for row in rows if row[3]][:most]
            return Candidates(
                *(
                    tuple(Candidate(_decode(row[1]), row[0] / best) for row in part)
                    for part in (is_open, is_solved)
                )
            )

        return await self._file.read(ask)

    async def rarities(self, terms: Terms) -> Mapping[tuple[Field, str], float]:
        """What each term of a text counts. Of n-grams of whole texts those of titles are asked."""

        def ask(file: Connection) -> Mapping[tuple[Field, str], float]:
            tickets = _count(file)
            self._forget_stale(tickets)
            return {
                (field, term): weigh_rarity(tickets, self._count_having(file, field, term))
                for field, counts in terms.items()
                for term in counts
            }

        return await self._file.read(ask)

    async def close(self) -> None:
        """Let go of the file."""
        await self._file.close()

    def _choose(self, file: Connection, terms: Terms) -> str:
        """The query for the rarest terms of each field, as many as are affordable."""
        parts = []
        for field, most in _MOST_ENTRIES.items():
            having = sorted(
                (count, term)
                for term in terms[field]
                if (count := self._count_having(file, field, term))
            )
            chosen: list[str] = []
            entries = 0
            for count, term in having[:_MOST_TERMS]:
                entries += count
                if chosen and entries > most:
                    break
                chosen.append(f'"{term}"')
            if chosen:
                parts.append(f"{field} : ({' OR '.join(chosen)})")
        return " OR ".join(parts)

    def _count_having(self, file: Connection, field: Field, term: str) -> int:
        """In how many tickets the term stands."""
        field = Field.TITLE_GRAMS if field is Field.GRAMS else field
        count = self._rarity.get((field, term))
        if count is None:
            ask = "SELECT doc FROM vocabulary WHERE term = ? AND col = ?"
            row = file.execute(ask, (term, field)).fetchone()
            count = self._rarity[field, term] = row[0] if row else 0
        return count

    def _forget_stale(self, tickets: int) -> None:
        grown = abs(tickets - self._rarity_of) * 100 > self._rarity_of * _STALE_PERCENT
        if grown or len(self._rarity) > _MOST_REMEMBERED:
            self._rarity.clear()
            self._rarity_of = tickets


def _count(file: Connection) -> int:
    row: tuple[int] = file.execute("SELECT count(*) FROM tickets").fetchone()
    return row[0]


def _read(file: Connection, column: str, value: str) -> IndexedTicket | None:
    ask = f"SELECT state FROM tickets WHERE {column} = ?"  # noqa: S608 (our own names)
    row = file.execute(ask, [value]).fetchone()
    return _decode(row[0]) if row else None


def _decode(state: str) -> IndexedTicket:
    return IndexedTicket.model_validate_json(state)


def _match(file: Connection, query: str) -> Sequence[tuple[float, str, int, int]]:
    ask = (
        "SELECT score, state, is_open, is_solved FROM"
        " (SELECT rowid, bm25(texts, 1.0, 1.0, 0.5) AS score FROM texts WHERE texts MATCH ?"
        " ORDER BY score LIMIT ?) AS hits"
        " JOIN tickets ON number = hits.rowid ORDER BY hits.score, number"
    )
    return file.execute(ask, (query, _MOST_FOUND)).fetchall()


def _put(file: Connection, ticket: IndexedTicket) -> None:
    """FTS5 forgets a text only if it is told what that was."""
    flags = (ticket.is_open, ticket.is_solved)
    state = ticket.model_dump_json(exclude_defaults=True)
    row = file.execute("SELECT number, state FROM tickets WHERE id = ?", [ticket.id]).fetchone()
    if row is None:
        insert = "INSERT INTO tickets (id, code, is_open, is_solved, state) VALUES (?, ?, ?, ?, ?)"
        number = file.execute(insert, (ticket.id, ticket.code, *flags, state)).lastrowid
        _put_text(file, number, ticket)
        return
    number, before = row[0], _decode(row[1])
    file.execute(
        "UPDATE tickets SET is_open = ?, is_solved = ?, state = ? WHERE number = ?",
        (*flags, state, number),
    )
    if (before.title, before.text) != (ticket.title, ticket.text):
        forget = f"INSERT INTO texts (texts, rowid, {_COLUMNS}) VALUES ('delete', ?, ?, ?, ?)"  # noqa: S608
        file.execute(forget, (number, *_columns_of(before)))
        _put_text(file, number, ticket)


def _put_text(file: Connection, number: int | None, ticket: IndexedTicket) -> None:
    insert = f"INSERT INTO texts (rowid, {_COLUMNS}) VALUES (?, ?, ?, ?)"  # noqa: S608
    file.execute(insert, (number, *_columns_of(ticket)))


def _columns_of(ticket: IndexedTicket) -> list[str]:
    terms = read_terms(ticket.title, ticket.text)
    return [" ".join(terms[field].elements()) for field in _SEARCHED]
