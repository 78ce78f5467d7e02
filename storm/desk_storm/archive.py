"""Keeping what a storm left behind, for whoever looks for the cause of a broken law."""

import dataclasses
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from desk_contracts import Event
from pydantic_core import to_json

from desk_storm.books import Books


def keep(books: Books, logs: Iterable[Path], folder: Path) -> None:
    """Each book as a file of JSON lines, and the services' logs as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in logs:
        if log.is_file():
            shutil.copy(log, folder / log.name)
    for item in dataclasses.fields(books):
        book = getattr(books, item.name)
        if isinstance(book, tuple):
            lines = (to_json(_plain(entry)) for entry in book)
            (folder / f"{item.name}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def _plain(entry: Any) -> dict[str, Any]:
    """An entry by its fields' names; an event with its type, which is no field of it."""
    values = ((item.name, getattr(entry, item.name)) for item in dataclasses.fields(entry))
    return {
        name: {"type": value.type, **value._asdict()} if isinstance(value, Event) else value
        for name, value in values
    }
