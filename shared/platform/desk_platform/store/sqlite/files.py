"""`Files` in a folder, beside the file of SQLite: each is written aside and then takes its name."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from desk_contracts.errors import DependencyDown

from desk_platform.store.files import CHUNK, check_id, is_id

T = TypeVar("T")
_UNFINISHED = ".part"


class FolderFiles:
    """Files on this machine. A crash leaves what was not finished under a name of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, id: str, content: AsyncIterable[bytes]) -> None:
        """Forced to the disk, then named: who sees the name sees the whole file."""
        path = self._path(id)
        if await _run(path.exists):
            return
        part = await _run(partial(_begin, path.parent))
        try:
            async for piece in content:
                await _run(partial(part.write, piece))
            await _run(lambda: _finish(part, path))
        finally:
            part.close()
            await _run(lambda: Path(part.name).unlink(missing_ok=True))

    async def open(self, id: str) -> AsyncIterator[bytes] | None:
        """Piece by piece; None if there is none."""
        path = self._path(id)
        return _read(path) if await _run(path.exists) else None

    async def delete(self, id: str) -> None:
        """Keep it no longer."""
        path = self._path(id)
        await _run(lambda: path.unlink(missing_ok=True))

    async def list_ids(self) -> list[str]:
        """All that is here; what was not finished is no file."""
        names = await _run(lambda: [path.name for path in self._folder.glob("*/*")])
        return sorted(name for name in names if is_id(name))

    def _path(self, id: str) -> Path:
        # A folder with a hundred thousand names is slow to list; 256 of them are not.
        return self._folder / check_id(id)[-2:] / id


async def _run(call: Callable[[], T]) -> T:
    with _translate_errors():
        return await asyncio.to_thread(call)


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = f"files cannot be kept ({error.strerror}): look at DESK_STORE"
        raise DependencyDown(why, dependency="store") from error


def _begin(folder: Path) -> "tempfile._TemporaryFileWrapper[bytes]":
    """A file under a name that is no id; not in a `with`, since it outlives this thread's turn.

    What a crash leaves of these is never read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.NamedTemporaryFile(dir=folder, suffix=_UNFINISHED, delete=False)


def _finish(part: "tempfile._TemporaryFileWrapper[bytes]", path: Path) -> None:
    part.flush()
    os.fsync(part.fileno())
    Path(part.name).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def _read(path: Path) -> AsyncIterator[bytes]:
    """Opened with the first piece: whoever wants none leaves nothing open."""
    file = await _run(lambda: path.open("rb"))
    try:
        while piece := await _run(lambda: file.read(CHUNK)):
            yield piece
    finally:
        file.close()
