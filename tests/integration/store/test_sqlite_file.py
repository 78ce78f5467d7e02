"""A file of SQLite in each broken condition: nothing that was answered is lost, and it says why."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from desk_contracts.errors import DependencyDown
from desk_platform.store import Stored
from desk_platform.store.documents import Documents
from desk_platform.store.sqlite import file as sqlite_file
from desk_platform.store.sqlite.store import SqliteStore

from tests.support.sqlite_writer import AT_ONCE, COUNTS, Count, now, outbox_of

KILLS = 12
WRITER = [sys.executable, "-m", "tests.support.sqlite_writer"]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path, "one")
    yield store
    await store.stop()


@pytest.fixture
def documents(store: SqliteStore) -> Documents[Count]:
    return store.documents(COUNTS, now)


def write_until_killed(folder: Path, lines: int) -> int:
    """How many writes of each document were answered before it died."""
    with subprocess.Popen([*WRITER, "write", str(folder)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        for _ in range(lines):
            answered = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        # What it had said before it died is in the pipe.
        return max([answered, *map(int, writer.stdout.read().split())])


async def test_what_was_answered_is_there_after_kill_9(tmp_path: Path) -> None:
    """And every document is whole: its state, its version and its outbox are of one write."""
    chance = random.Random(7)  # noqa: S311
    for _ in range(KILLS):
        answered = await asyncio.to_thread(write_until_killed, tmp_path, chance.randint(1, 40))
        store = SqliteStore(tmp_path, "killed")
        stored = await store.documents(COUNTS, now).load(f"c{n}" for n in range(AT_ONCE))
        await store.stop()
        assert len(stored) == AT_ONCE
        for item in stored.values():
            assert item.state is not None
            assert answered <= item.version == item.state.number <= answered + 1
            assert item.outbox == outbox_of(item.version)


async def test_an_answer_keeps_no_snapshot_that_another_replica_outdates(tmp_path: Path) -> None:
    """A statement that is still open would have the next write refused at once, as locked."""
    ours, others = SqliteStore(tmp_path, "shared"), SqliteStore(tmp_path, "shared")
    mine, theirs = ours.documents(COUNTS, now), others.documents(COUNTS, now)
    await mine.write([Stored("mine", state=Count(number=1))])
    answers = [
        await ask(lambda file: file.execute("SELECT name FROM sqlite_master"))
        for ask in (ours.file.write, ours.file.read)
    ]
    await theirs.write([Stored("theirs", state=Count(number=1))])
    await mine.write([Stored("next", state=Count(number=1))])
    assert set(await mine.load(["mine", "theirs", "next"])) == {"mine", "theirs", "next"}
    assert all(answers)
    await ours.stop()
    await others.stop()


def count_together(folder: Path, times: int) -> list[int]:
    """Exit codes of two processes that each add one so often."""
    command = [*WRITER, "count", str(folder), str(times)]
    writers = [subprocess.Popen(command) for _ in range(2)]
    return [writer.wait(timeout=60) for writer in writers]


async def test_two_processes_count_together(tmp_path: Path) -> None:
    assert await asyncio.to_thread(count_together, tmp_path, 150) == [0, 0]
    store = SqliteStore(tmp_path, "raced")
    [stored] = (await store.documents(COUNTS, now).load(["c"])).values()
    await store.stop()
    assert stored.state == Count(number=300)


async def test_a_full_disk_refuses_and_loses_nothing(
    store: SqliteStore, documents: Documents[Count]
) -> None:
    await documents.write([Stored("kept", state=Count(number=1))])
    pages = await store.file.write(lambda file: file.execute("PRAGMA page_count").fetchone()[0])
    await store.file.write(lambda file: file.execute(f"PRAGMA max_page_count = {pages}"))
    many = [Stored(f"more {number}", state=Count(number=number)) for number in range(2_000)]
    with pytest.raises(DependencyDown, match=r"cannot grow, since its disk is full; make room"):
        await documents.write(many)
    assert await documents.count() == 1
    await store.file.write(lambda file: file.execute("PRAGMA max_page_count = 1000000"))
    assert await documents.write(many) == frozenset()
    assert await documents.count() == 2_001


async def test_a_file_that_another_process_holds_says_so_and_is_used_when_it_is_free(
    store: SqliteStore, documents: Documents[Count], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "LOCKED_FOR_MS", 50)
    await documents.write([Stored("kept", state=Count(number=1))])
    other = sqlite3.connect(store.file.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DependencyDown, match="is locked by another process"):
        await documents.write([Stored("next", state=Count(number=2))])
    # Who only reads is not held up.
    assert await documents.count() == 1
    other.execute("COMMIT")
    other.close()
    assert not await documents.write([Stored("next", state=Count(number=2))])


async def test_what_is_no_database_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "one.sqlite3").write_bytes(b"a letter to my aunt\n" * 100)
    store = SqliteStore(tmp_path, "one")
    with pytest.raises(DependencyDown, match="is no database of SQLite; move it away"):
        await store.ping()
    await store.stop()
    assert (tmp_path / "one.sqlite3").read_bytes().startswith(b"a letter")


async def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path, "one")
    many = [Stored(f"d{number}", state=Count(number=number)) for number in range(3_000)]
    await first.documents(COUNTS, now).write(many)
    await first.stop()
    path = tmp_path / "one.sqlite3"
    whole = bytearray(path.read_bytes())
    whole[4096 * 4 :] = os.urandom(len(whole) - 4096 * 4)
    path.write_bytes(whole)
    second = SqliteStore(tmp_path, "one")
    with pytest.raises(DependencyDown, match="is damaged; stop the desk and put back a copy"):
        await second.documents(COUNTS, now).load([f"d{number}" for number in range(3_000)])
    await second.stop()


async def test_a_file_that_was_removed_takes_no_more_writes(
    store: SqliteStore, documents: Documents[Count]
) -> None:
    """They would go where nobody finds them again."""
    await documents.write([Stored("kept", state=Count(number=1))])
    away = store.file.path.rename(store.file.path.with_suffix(".away"))
    for act in (documents.write([Stored("lost", state=Count())]), documents.count(), store.ping()):
        with pytest.raises(DependencyDown, match="was removed or replaced while the desk"):
            await act
    away.rename(store.file.path)
    assert await documents.count() == 1


async def test_a_write_that_fails_takes_no_other_with_it(
    store: SqliteStore, documents: Documents[Count]
) -> None:
    """They share a commit; each has a savepoint of its own."""

    def fail(file: sqlite3.Connection) -> None:
        file.execute("CREATE TABLE half (x)")
        raise ZeroDivisionError

    writes = [documents.write([Stored(f"d{number}", state=Count())]) for number in range(50)]
    with pytest.raises(ZeroDivisionError):
        await store.file.write(fail)
    assert [await write for write in writes] == [frozenset()] * 50
    assert await documents.count() == 50
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await store.file.read(lambda file: file.execute("SELECT * FROM half"))
