"""`desk dead`: what could not be handled, why, and how to give it another try or lay it aside."""

import asyncio
import getpass
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from desk_contracts import Message
from desk_contracts.errors import Invalid
from desk_contracts.text import plain_line
from desk_contracts.topics import DEAD, RETRY
from desk_platform.kafka.producer import KafkaPublisher
from desk_platform.kafka.records import ATTEMPT, SETTLES, KafkaRecord
from desk_platform.kafka.topic_reader import list_topic_names, read_all
from desk_platform.terminal import say

from desk_cli.dead_letters import Letter, gather, settlements
from desk_cli.options import settings
from desk_cli.screen import TextTable
from desk_cli.screen import show as show_

app = typer.Typer(no_args_is_help=True, help="Dead letters: list, show, replay, settle.")

Place = Annotated[str, typer.Option(help="Only this record: partition/offset as `show` prints it.")]
Code = Annotated[str, typer.Option(help="Only this reason, for example bad-json or bug.")]
Every = Annotated[bool, typer.Option("--all", help="Every open letter of the topic.")]
By = Annotated[str, typer.Option(help="Who does it; by default the user of this shell.")]


@dataclass(slots=True)  # not frozen, like aiokafka's own
class _Slim:
    """A record without its value, where only headers are asked for."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


@app.command("list")
def list_(
    settled: Annotated[bool, typer.Option("--settled", help="Count settled ones too.")] = False,
) -> None:
    """How many dead letters each topic holds, by reason. Exit code 1 if any is open.

    One record that came back several times is one letter; what was settled is not counted.
    """
    letters = asyncio.run(_read_letters())
    table = TextTable("dead-letter topic", "reason", "letters", *(["settled"] if settled else []))
    counts = Counter(
        (letter.topic, letter.reason_code) for letter in letters if letter.settlement is None
    )
    done = Counter((letter.topic, letter.reason_code) for letter in letters if letter.settlement)
    for topic, code in sorted(counts.keys() | done.keys() if settled else counts):
        more = [done[topic, code]] if settled else []
        table.add_line(topic, code, counts[topic, code], *more)
    if table.row_count:
        show_(table)
    if counts:
        raise typer.Exit(1)
    say("No dead letters." if not done else f"No open dead letters; {done.total()} are settled.")


@app.command()
def show(
    topic: str,
    reason: Code = "",
    record: Place = "",
    whole: Annotated[bool, typer.Option("--whole", help="Values in full.")] = False,
    settled: Annotated[bool, typer.Option("--settled", help="Settled ones too.")] = False,
) -> None:
    """The letters of one dead-letter topic: what each says, why it failed, where it came from."""
    letters = asyncio.run(_choose(topic, reason, record, is_any=settled))
    for letter in letters:
        say("\n".join(plain_line(line) for line in letter.lines(whole=whole)))
    if not letters:
        say("No such dead letter is open.")


@app.command()
def replay(
    topic: str, reason: Code = "", record: Place = "", every: Every = False, by: By = ""
) -> None:
    """Give dead letters back to the group that could not handle them, and only to it.

    Handling an event twice is harmless, so a replay can be repeated without fear. What is given
    back is settled; if it fails again it is open again, as one letter.
    """
    _check_choice(reason, record, every)
    count = asyncio.run(_replay(topic, reason, record, by or getpass.getuser()))
    say(f"{count} records given back to {_back(topic)}.")


@app.command()
def settle(
    topic: str,
    reason: Code = "",
    record: Place = "",
    every: Every = False,
    by: By = "",
    note: Annotated[str, typer.Option(help="Why nothing more has to be done.")] = "",
) -> None:
    """Lay dead letters aside as done, with who and when; nothing is deleted.

    `list` counts them no more, `show --settled` still has them.
    """
    _check_choice(reason, record, every)
    letters = asyncio.run(_choose(topic, reason, record))
    marks = settlements(letters, topic, by or getpass.getuser(), datetime.now(UTC), note)
    asyncio.run(_publish(marks))
    say(f"{len(letters)} letters of {topic} settled.")


def _check_choice(reason: str, record: str, every: bool) -> None:
    if not (reason or record or every):
        raise Invalid("Say which: --reason CODE, --record PARTITION/OFFSET or --all.")


async def _read_letters() -> list[Letter]:
    chosen = settings()
    names = [
        name
        for name in await list_topic_names(chosen.kafka)
        if name.endswith(DEAD) and name.startswith(chosen.topic_prefix)
    ]
    if not names:
        return []
    slim = []
    async for raw in read_all(chosen.kafka, names):
        value = raw.value if SETTLES in dict(raw.headers) else None
        slim.append(_Slim(raw.topic, raw.partition, raw.offset, None, value, raw.headers))
    return gather(slim)


async def _choose(topic: str, reason: str, record: str, *, is_any: bool = False) -> list[Letter]:
    """The letters meant; one that is named is meant though it be settled."""
    letters = []
    for letter in gather([raw async for raw in _records(topic)]):
        is_open = letter.settlement is None or is_any or bool(record)
        is_meant = not record or record in letter.places
        if is_open and is_meant and reason in ("", letter.reason_code):
            letters.append(letter)
    return letters


async def _records(topic: str) -> AsyncIterator[KafkaRecord]:
    if not topic.endswith(DEAD):
        raise Invalid(
            f"'{topic}' is no dead-letter topic; these end in {DEAD}. See `desk dead list`."
        )
    async for raw in read_all(settings().kafka, [settings().topic_prefix + topic]):
        yield raw


async def _replay(topic: str, reason: str, record: str, by: str) -> int:
    letters = await _choose(topic, reason, record)
    messages = []
    for raw in (letter.newest for letter in letters):
        # Its tries are forgotten; where it came from is kept.
        kept = tuple((n, text) for n, text in raw.headers if text is not None and n != ATTEMPT)
        messages.append(Message(_back(topic), raw.key or b"", raw.value or b"", kept))
    await _publish(messages)
    # After the bus has them: a crash in between leaves them open, never lost.
    await _publish(settlements(letters, topic, by, datetime.now(UTC), "given back"))
    return len(messages)


async def _publish(messages: Sequence[Message]) -> None:
    publisher = KafkaPublisher(settings().kafka, "desk-dead", settings().topic_prefix)
    async with publisher:
        await publisher.publish(messages)


def _back(topic: str) -> str:
    return topic.removesuffix(DEAD) + RETRY
