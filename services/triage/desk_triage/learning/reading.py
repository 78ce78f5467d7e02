"""Where ticket events come from: history files that `desk import` wrote, and the living stream."""

import gzip
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from desk_shared.bus.door import Door
from desk_shared.cli.reading import read_all
from desk_shared.errors import Invalid, NotFound
from desk_shared.events import AnyEvent, Codec
from desk_shared.events.names import TICKETS
from desk_shared.settings import ServiceSettings
from pydantic_core import from_json

_HEADERS = (("content-type", b"application/cloudevents+json"),)
_CODEC = Codec()


def from_file(path: Path) -> Iterator[AnyEvent]:
    """The events of a history file: CloudEvents of desk.tickets in JSON Lines, .gz as well."""
    if not path.is_file():
        raise NotFound(f"There is no file '{path}'. `desk import` writes one.")
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                yield _event(line)
            except (Invalid, ValueError) as error:
                raise Invalid(
                    f"{path}:{number}: {error}; a history file has one event of a ticket in each"
                    " line, as `desk import` writes them"
                ) from error


def _event(line: bytes) -> AnyEvent:
    document = from_json(line)
    subject = document.get("subject", "") if isinstance(document, dict) else ""
    return _CODEC.decode(str(subject).encode(), line, _HEADERS)


async def from_stream(settings: ServiceSettings) -> AsyncIterator[AnyEvent | None]:
    """Everything on desk.tickets up to now; None for a record that cannot be read."""
    door = Door(prefix=settings.topic_prefix)
    async for raw in read_all(settings.kafka, [settings.topic_prefix + TICKETS]):
        try:
            yield door.read(raw)
        except Invalid:
            yield None
