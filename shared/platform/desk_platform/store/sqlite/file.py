"""One file of SQLite, asked from asyncio: a thread reads, one writes, one commit is for many.

Each thread takes all that waits at once, so many who ask together cost few changes between threads.
Every write is durable when it is answered (WAL, `synchronous=FULL`). Writes that come while another
commit is under way share the next one, each with its own savepoint, so a burst costs few syncs.
Other processes may have the same file open: SQLite lets one of them write at a time.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from desk_contracts.errors import DependencyDown

T = TypeVar("T")
Ask = Callable[[sqlite3.Connection], T]

# Another process's transaction is over long before; who holds the file for longer is stuck.
LOCKED_FOR_MS = 10_000
# Writes that share one commit: enough to hide its sync, few enough that none waits long.
_MOST_AT_ONCE = 500
# Questions that are answered together; the first waits for the last.
_MOST_READ_AT_ONCE = 16
SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA journal_size_limit=67108864",
    # In KiB, for each of the connections; what lies behind it is in the system's own cache.
    "PRAGMA cache_size=-4000",
    # 32 MB: a document is written some times in its first minute, and its pages go over once.
    "PRAGMA wal_autocheckpoint=8000",
)
# By the name of SQLite's primary result code: what is wrong and what to do, after "the file PATH".
_TROUBLES = {
    "SQLITE_BUSY": "is locked by another process; find out which one with `fuser`, and stop it",
    "SQLITE_LOCKED": "is locked by another process; find out which one with `fuser`, and stop it",
    "SQLITE_FULL": "cannot grow, since its disk is full; make room there",
    "SQLITE_IOERR": "cannot be read or written; look at its disk and the system's log",
    "SQLITE_CANTOPEN": "cannot be opened; its folder must be there, and writable for this user",
    "SQLITE_READONLY": "may not be written; make it and its folder writable for this user",
    "SQLITE_CORRUPT": "is damaged; stop the desk and put back a copy of it",
    "SQLITE_NOTADB": "is no database of SQLite; move it away, or put back a copy of the right one",
}


@dataclass(slots=True)  # not frozen: the thread fills in what became of it
class _Request:
    """A question, or a change that waits for its commit."""

    ask: Ask[Any]
    answer: "asyncio.Future[Any]"
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        """Tell whoever waits, unless they gave up."""
        if self.answer.done():
            return
        if self.error is None:
            self.answer.set_result(self.result)
        else:
            self.answer.set_exception(self.error)


class _RequestQueue:
    """What is asked of one thread."""

    def __init__(self, name: str, most: int, work: Callable[[Sequence[_Request]], None]) -> None:
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._most, self._work = most, work
        self._lock = Lock()
        self._waiting: deque[_Request] = deque()
        self._is_working = False

    async def ask(self, ask: Ask[T]) -> T:
        """The answer, once the thread has it."""
        request = _Request(ask, asyncio.get_running_loop().create_future())
        with self._lock:
            self._waiting.append(request)
            is_first, self._is_working = not self._is_working, True
        if is_first:
            self.thread.submit(self._work_off)
        result: T = await request.answer
        return result

    def _work_off(self) -> None:
        """In the thread, until nothing waits."""
        while True:
            with self._lock:
                count = min(len(self._waiting), self._most)
                self._is_working = count > 0
                group = [self._waiting.popleft() for _ in range(count)]
            if not group:
                return
            try:
                self._work(group)
            except BaseException as error:  # noqa: BLE001 (whoever waits gets it)
                for request in group:
                    request.error = request.error or error
            # In the loop of whoever waits; one that is closed has nobody left.
            for loop in {request.answer.get_loop() for request in group}:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(_settle, group, loop)


def _settle(group: Sequence[_Request], loop: asyncio.AbstractEventLoop) -> None:
    for request in group:
        if request.answer.get_loop() is loop:
            request.settle()


def _answer_whole(ask: Ask[Any], connection: sqlite3.Connection) -> Any:
    """The answer; of a cursor its rows. One that is open would hold a snapshot of the file, and
    once another process has written SQLite refuses to write behind it, without waiting."""
    answer = ask(connection)
    return answer.fetchall() if isinstance(answer, sqlite3.Cursor) else answer


def has_table(connection: sqlite3.Connection, quoted: str) -> bool:
    """Whether there is a table of that name; one that was never written to is not there."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, [quoted.strip('"')]).fetchone() is not None


class SqliteFile:
    """Opened when it is first used; `close` ends it for good."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reads = _RequestQueue(f"{path.stem} reads", _MOST_READ_AT_ONCE, self._answer)
        self._writes = _RequestQueue(f"{path.stem} writes", _MOST_AT_ONCE, self._commit)
        self._connections: dict[str, sqlite3.Connection] = {}
        self._inode = 0

    async def read(self, ask: Ask[T]) -> T:
        """What it answers, from all that was committed before."""
        return await self._reads.ask(ask)

    async def write(self, change: Ask[T]) -> T:
        """What it answers, once that is on the disk. If it raises, nothing of it is seen."""
        return await self._writes.ask(change)

    async def scrub(self) -> None:
        """Write the file anew, without what is in its free pages and in its log.

        Takes as long as reading and writing all of it; other writes wait meanwhile.
        """
        await asyncio.get_running_loop().run_in_executor(self._writes.thread, self._scrub)

    def _scrub(self) -> None:
        with self._translate_errors():
            connection = self._connect("writes")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def remove(self) -> None:
        """Delete the file; the next use makes a new one."""
        await asyncio.to_thread(self._disconnect)
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    async def close(self) -> None:
        """Let go of the file, after all that waits is written."""
        for queue in (self._reads, self._writes):
            await asyncio.to_thread(queue.thread.shutdown)
        self._disconnect()

    def _answer(self, group: Sequence[_Request]) -> None:
        with self._translate_errors():
            connection = self._connect("reads")
        for request in group:
            try:
                with self._translate_errors():
                    request.result = _answer_whole(request.ask, connection)
            except Exception as error:  # noqa: BLE001 (whoever asked gets it)
                request.error = error

    def _commit(self, group: Sequence[_Request]) -> None:
        with self._translate_errors():
            connection = self._connect("writes")
            connection.execute("BEGIN IMMEDIATE")
            try:
                for request in group:
                    self._carry_out(connection, request)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _carry_out(self, connection: sqlite3.Connection, request: _Request) -> None:
        """One change, or nothing of it; an error that SQLite ends the transaction for is all's."""
        connection.execute("SAVEPOINT change")
        try:
            with self._translate_errors():
                request.result = _answer_whole(request.ask, connection)
        except Exception as error:
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO change")
            request.error = error
        connection.execute("RELEASE change")

    def _connect(self, role: str) -> sqlite3.Connection:
        """This thread's connection; never to a file that was removed or replaced meanwhile."""
        if self._inode and self._inode_of_file() != self._inode:
            raise DependencyDown(
                f"the file {self.path} was removed or replaced while the desk had it open; put it"
                " back, or restart the services to go on with what is there",
                dependency="store",
            )
        connection = self._connections.get(role)
        if connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            try:
                for setting in (f"PRAGMA busy_timeout={LOCKED_FOR_MS}", *SETTINGS):
                    connection.execute(setting)
            except sqlite3.Error:
                connection.close()
                raise
            self._connections[role] = connection
            self._inode = self._inode_of_file()
        return connection

    def _inode_of_file(self) -> int:
        """Which file it is; 0 if there is none."""
        try:
            return self.path.stat().st_ino
        except FileNotFoundError:
            return 0

    def _disconnect(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        self._inode = 0

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """SQLite's errors in our words: the file cannot be used for now, or it is a bug."""
        try:
            yield
        except sqlite3.Error as error:
            # Extended codes begin with the primary one: SQLITE_IOERR_WRITE.
            name: str = getattr(error, "sqlite_errorname", "")
            trouble = _TROUBLES.get("_".join(name.split("_")[:2]))
            if trouble is None:
                raise
            raise DependencyDown(
                f"the file {self.path} {trouble} ({error})", dependency="store"
            ) from error
        except OSError as error:
            raise DependencyDown(
                f"the file {self.path} {_TROUBLES['SQLITE_CANTOPEN']} ({error})",
                dependency="store",
            ) from error
