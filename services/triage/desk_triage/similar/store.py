"""How it is stored: a person's latest tickets, found by the person; and where texts lie."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from desk_platform.heartbeat import beat
from desk_platform.similar import IndexedTicket, Written
from desk_platform.store import Schema

from desk_triage.similar.model import PersonTickets

PERSON_TICKETS = Schema(
    "person-tickets",
    PersonTickets,
    kept="one for each person",
)

# Raise it when what is stored of a vector changes: all are made anew then.
_FORM = 1
# Between two batches others may work and a kill loses nothing; one takes about a second.
_BATCH = 8
_TAGS = ("open", "solved")
_TABLES = """
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS vectors (id TEXT PRIMARY KEY, state BLOB NOT NULL, vector BLOB NOT NULL);
"""

T = TypeVar("T")
Vectors = np.ndarray[tuple[int, int], np.dtype[np.float32]]
Vector = np.ndarray[tuple[int], np.dtype[np.float32]]


class Encoder(Protocol):
    """Gives texts places: the nearer two are, the more alike is what they mean."""

    @property
    def name(self) -> str:
        """Of what it is and its weights: what one encoder made, another cannot compare."""
        ...

    @property
    def width(self) -> int: ...

    @property
    def least(self) -> float:
        """The cosine below which it is chance: every text is a little near every other."""
        ...

    def encode(self, texts: Sequence[Written]) -> Vectors:
        """A row of length one for each, whatever stands in it, in bounded time."""
        ...


class VectorIndex:
    """Vectors of tickets in one file, searched one by one in memory. One process writes it.

    `IndexReader` feeds it like an index of texts: how far the topic was read lies in the file. It
    can be deleted at any time; then it is made anew. Nothing is encoded but while it is written.
    """

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self._path, self._encoder = path, encoder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._database: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._forget()

    async def open(self, topic: str) -> Mapping[int, int]:
        """How far each partition was read; another topic, encoder or erasure begins anew."""
        meant = json.dumps([_FORM, topic, self._encoder.name])

        def prepare() -> Mapping[int, int]:
            if self._connect() != meant:
                # The file goes, so that nothing of what was erased stays in it.
                self._opened.close()
                for ending in ("", "-journal"):
                    Path(f"{self._path}{ending}").unlink(missing_ok=True)
                self._database = None
                self._connect()
                self._note("made", meant)
                self._opened.commit()
            with self._lock:
                self._forget()
                for state, vector in self._opened.execute("SELECT state, vector FROM vectors"):
                    item = IndexedTicket.model_validate_json(state)
                    self._place(item, np.frombuffer(vector, np.float32))
            positions = json.loads(self._read_fact("positions") or "{}")
            return {int(partition): offset for partition, offset in positions.items()}

        return await self._work(prepare)

    async def load(self, ids: Collection[str]) -> dict[str, IndexedTicket]:
        """Those of the tickets that it has."""

        def ask() -> dict[str, IndexedTicket]:
            tickets = {}
            for id in ids:
                query = "SELECT state FROM vectors WHERE id = ?"
                for (state,) in self._opened.execute(query, (id,)):
                    tickets[id] = IndexedTicket.model_validate_json(state)
            return tickets

        return await self._work(ask)

    async def write(self, items: Iterable[IndexedTicket], positions: Mapping[int, int]) -> None:
        """A batch at a time; how far the topic was read is noted when all are written. What comes
        again after a kill changes nothing, since tickets know their last event."""
        waiting = list(items)
        for first in range(0, len(waiting), _BATCH):
            part = waiting[first : first + _BATCH]
            await self._work(lambda part=part: self._encode(part))  # type: ignore[misc]  # bound now
            beat()

        def note() -> None:
            kept = json.loads(self._read_fact("positions") or "{}")
            moved = {str(partition): offset for partition, offset in positions.items()}
            self._note("positions", json.dumps({**kept, **moved}))
            self._opened.commit()

        await self._work(note)

    async def list_near(self, id: str, tag: str, most: int) -> list[str]:
        """Other tickets with the tag, the nearest first; none while the ticket has no vector."""

        def ask() -> list[str]:
            with self._lock:
                row = self._rows.get(id)
                if row is None:
                    return []
                having = self._having[: len(self._ids), _TAGS.index(tag)].copy()
                having[row] = False
                scores = self._matrix[: len(self._ids)] @ self._matrix[row]
                near = np.flatnonzero(having & (scores >= self._encoder.least))
                best = near[np.argsort(-scores[near], kind="stable")][:most]
                return [self._ids[place] for place in best]

        return await asyncio.to_thread(ask)

    async def close(self) -> None:
        """Let go of the file."""
        await asyncio.to_thread(self._thread.shutdown)
        if self._database is not None:
            self._database.close()

    @property
    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            raise OSError(f"the vectors in {self._path} are not open")
        return self._database

    async def _work(self, change: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, change)
        except (OSError, sqlite3.Error) as error:
            raise OSError(
                f"The vectors in the file {self._path} cannot be read or written ({error}). Make"
                " room there, or delete it: it is made anew from its topic."
            ) from error

    def _connect(self) -> str:
        """What it says of itself; nothing of one that is missing or damaged."""
        if self._database is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._path, check_same_thread=False)
        try:
            self._database.executescript(_TABLES)
            return self._read_fact("made")
        except sqlite3.DatabaseError:
            return ""

    def _read_fact(self, name: str) -> str:
        query = "SELECT value FROM facts WHERE name = ?"
        with closing(self._opened.execute(query, (name,))) as rows:
            return str((rows.fetchone() or ("",))[0])

    def _note(self, name: str, value: str) -> None:
        self._opened.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def _encode(self, items: Sequence[IndexedTicket]) -> None:
        """Only texts that are new or changed: most events of a ticket leave its text alone."""
        vectors = {}
        query = "SELECT state, vector FROM vectors WHERE id = ?"
        for item in items:
            for state, vector in self._opened.execute(query, (item.id,)):
                if IndexedTicket.model_validate_json(state).texts == item.texts:
                    vectors[item.id] = np.frombuffer(vector, np.float32)
        new = [item for item in items if item.id not in vectors]
        if new:
            encoded = self._encoder.encode([item.texts[0] for item in new])
            vectors |= zip((item.id for item in new), encoded, strict=True)
        for item in items:
            row = (item.id, item.model_dump_json(exclude_defaults=True), vectors[item.id].tobytes())
            self._opened.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", row)
        self._opened.commit()
        with self._lock:
            for item in items:
                self._place(item, vectors[item.id])

    def _forget(self) -> None:
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._matrix = np.empty((0, self._encoder.width), np.float32)
        self._having = np.empty((0, len(_TAGS)), np.bool_)

    def _place(self, item: IndexedTicket, vector: Vector) -> None:
        row = self._rows.setdefault(item.id, len(self._ids))
        if row == len(self._ids):
            self._ids.append(item.id)
        if row == len(self._matrix):
            more = max(1_024, row // 4)
            self._matrix = np.pad(self._matrix, ((0, more), (0, 0)))
            self._having = np.pad(self._having, ((0, more), (0, 0)))
        self._matrix[row] = vector
        self._having[row] = [tag in item.tags for tag in _TAGS]
