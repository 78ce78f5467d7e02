"""`desk tail`: one readable line for each event of a topic."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from desk_contracts import AnyEvent, Payload
from desk_contracts.errors import Invalid
from desk_contracts.ids import is_code, read_ticket_ref
from desk_contracts.message import Message
from desk_contracts.text import plain_line
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.records import REASON, KafkaRecord
from desk_platform.kafka.topic_reader import read_all, reader
from desk_platform.terminal import say_json, spoken_here
from rich.text import Text

from desk_cli.options import settings
from desk_cli.screen import Screen, style
from desk_cli.ticket_log import find_ticket_opening

_LONG = 160


def tail(
    topics: Annotated[list[str], typer.Argument(help="Topics, for example desk.tickets.")],
    type: Annotated[str, typer.Option(help="Only types that contain this text.")] = "",
    key: Annotated[
        str, typer.Option(help="Only this key: a ticket's code or id, a device, …")
    ] = "",
    from_start: Annotated[bool, typer.Option(help="From the first record, then stop.")] = False,
    json: Annotated[bool, typer.Option(help="The data as JSON, one event per line.")] = False,
) -> None:
    """Show events as they come (end with Ctrl-C), or everything there is with --from-start."""
    prefix = settings().topic_prefix
    key = asyncio.run(_read_key(key))
    show = _Shown(RecordDecoder(prefix=prefix), type, key, json)
    try:
        asyncio.run(_tail([prefix + topic for topic in topics], show, from_start=from_start))
    except KeyboardInterrupt:
        return


class _Shown:
    """Filters and prints."""

    def __init__(self, door: RecordDecoder, type: str, key: str, as_json: bool) -> None:
        self._door = door
        self._type, self._key, self._as_json = type, key, as_json
        self._screen = Screen(wraps=False)

    def record(self, raw: KafkaRecord) -> None:
        key = (raw.key or b"").decode(errors="replace")
        if self._key and self._key != key:
            return
        try:
            event = self._door.read(raw)
        except Invalid as error:
            reason = (dict(raw.headers).get(REASON) or b"").decode(errors="replace")
            self._screen.print(style(f"unreadable  {key}  {reason or error}", "red"))
            return
        if self._type and self._type not in event.type:
            return
        if self._as_json:
            say_json(event.data.model_dump_json())
        else:
            self._screen.print(_line(event))


async def _read_key(typed: str) -> str:
    """The key of records as somebody typed it; of a ticket's code, the ticket's id."""
    typed = typed.strip()
    try:
        ref = read_ticket_ref(typed)
    except Invalid:
        return typed  # as long as a code, and the name of a device
    opening = await find_ticket_opening(ref) if is_code(ref) else None
    return opening.subject if opening else typed


def line_of(event: AnyEvent) -> str:
    """An event in a line, without its time."""
    return _line(event).plain.partition("  ")[2].lstrip()


def _line(event: AnyEvent) -> Text:
    words = "  ".join(_words(event.data))
    name = event.type.removeprefix("desk.").rpartition(".v")[0]
    number = "" if event.sequence is None else f"#{event.sequence}"
    return Text.assemble(
        (f"{event.time:%Y-%m-%d %H:%M:%S}  ", "dim"),
        (f"{name:<22}", "bold cyan"),
        (f" {plain_line(event.subject)} {number}  ", "green"),
        plain_line(words if len(words) <= _LONG else words[: _LONG - 1] + "…"),
    )


def _words(data: Payload) -> Iterator[str]:
    """What it says, messages as sentences in the language of the terminal."""
    spoken = spoken_here()
    for name, value in data.model_dump(mode="json", exclude_defaults=True).items():
        content = getattr(data, name)
        match content:
            case Message():
                yield f"{name}={spoken.render(content)}"
            case (Message(), *_):
                yield f"{name}={spoken.render_all(content)}"
            case _:
                yield f"{name}={value}"


async def _tail(topics: Sequence[str], show: _Shown, *, from_start: bool) -> None:
    kafka = settings().kafka
    if from_start:
        async for record in read_all(kafka, topics):
            show.record(record)
        return
    async with reader(kafka, topics) as consumer:
        await consumer.seek_to_end()
        async for record in consumer:
            show.record(record)
