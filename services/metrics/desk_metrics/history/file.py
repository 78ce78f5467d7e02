"""A history file: CloudEvents in JSON Lines, a ticket's events together and in order.

Each line also says where it comes from: `sourcefile`, `sourcerow`, and the old desk's word for the
state, `sourcestate`. A file appears whole or not at all.
"""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import IO, cast

from desk_shared.errors import Invalid, NotFound
from desk_shared.events import Codec
from pydantic_core import from_json, to_json

from desk_metrics.history.model import Imported

_HEADERS = (("content-type", b"application/cloudevents+json"),)
_CODEC = Codec()


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A stream into the file; it gets its name only when everything was written."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield raw
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def line_of(imported: Imported, file: str) -> bytes:
    """One event as a line."""
    event = imported.event
    head = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "sequence": str(event.sequence),
        "datacontenttype": "application/json",
        "sourcefile": file,
        "sourcerow": str(imported.row),
    }
    if event.causation_id:
        head |= {"correlationid": event.correlation_id, "causationid": event.causation_id}
    if imported.word:
        head["sourcestate"] = imported.word
    data = event.data.__pydantic_serializer__.to_json(event.data, exclude_defaults=True)
    return to_json(head)[:-1] + b',"data":' + data + b"}\n"


def read_history(path: Path) -> Iterator[list[Imported]]:
    """The tickets of a history file, one after the other, each with all its events."""
    if not path.is_file():
        raise NotFound(f"There is no file '{path}'. `desk import` writes one.")
    life: list[Imported] = []
    for number, line in enumerate(_lines(path), 1):
        try:
            imported = _imported(line)
        except Invalid as error:
            raise Invalid(f"{path}:{number}: {error.message}", code=error.kind) from error
        is_next = bool(life) and imported.event.subject == life[-1].event.subject
        if imported.event.sequence != (len(life) + 1 if is_next else 1):
            raise Invalid(
                f"{path}:{number}: event {imported.event.sequence} of ticket"
                f" {imported.event.subject} is not in its place; a history file has each ticket's"
                " events together, from 1 and without a gap, as `desk import` writes them"
            )
        if not is_next and life:
            yield life
            life = []
        life.append(imported)
    if life:
        yield life


def _lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        yield from stream


def _imported(line: bytes) -> Imported:
    try:
        document = from_json(line)
    except ValueError as error:
        raise Invalid(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Invalid("not a JSON object")
    subject = str(document.get("subject", ""))
    event = _CODEC.decode(subject.encode(), line, _HEADERS)
    row = str(document.get("sourcerow", "0"))
    word = str(document.get("sourcestate", ""))
    return Imported(event, 0, int(row) if row.isdigit() else 0, word)
