"""The port of files: bytes under an id, which events and documents only refer to."""

import hashlib
import re
from collections.abc import AsyncIterable, AsyncIterator
from typing import Protocol

# How much of a file is in memory at a time.
CHUNK = 256 * 1024
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Files(Protocol):
    """Where files are kept. Every kind passes the same contract suite.

    An id is a UUID, made by us. What is under it never changes: put again it stays as it was.
    """

    async def put(self, id: str, content: AsyncIterable[bytes]) -> None:
        """Keep the whole file or nothing of it; `DependencyDown` if the store is away."""

    async def open(self, id: str) -> AsyncIterator[bytes] | None:
        """The file piece by piece; None if there is none."""

    async def delete(self, id: str) -> None:
        """Keep it no longer; nothing if there is none."""

    async def list_ids(self) -> list[str]:
        """All there are, each once; for who moves a whole store."""


def is_id(name: str) -> bool:
    """Whether it is an id as files have them."""
    return _ID.fullmatch(name) is not None


def check_id(id: str) -> str:
    """The same; `ValueError` for what is no id of ours and could be a path."""
    if not is_id(id):
        raise ValueError(f"{id!r} is no id of a file")
    return id


async def copy_files(source: Files, target: Files) -> tuple[int, bool]:
    """How many were copied, and whether each reads the same on both sides afterwards."""
    ids, are_same = await source.list_ids(), True
    for id in ids:
        if (content := await source.open(id)) is not None:
            await target.put(id, content)
        are_same = await _digest(source, id) == await _digest(target, id) and are_same
    return len(ids), are_same


async def _digest(files: Files, id: str) -> bytes | None:
    if (content := await files.open(id)) is None:
        return None
    digest = hashlib.sha256()
    async for piece in content:
        digest.update(piece)
    return digest.digest()
