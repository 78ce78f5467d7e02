"""`desk topics`: create what the catalogue declares, list what there is."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from desk_charter import load_charter
from desk_contracts.topics import LOCAL_PARTITIONS, Topic, all_topics
from desk_platform.kafka.admin import apply_topics
from desk_platform.terminal import say

from desk_cli.adopt import adopt
from desk_cli.local_desk import is_local
from desk_cli.options import settings
from desk_cli.screen import TextTable
from desk_cli.screen import show as show_

app = typer.Typer(no_args_is_help=True, help="Create and list the desk's topics.")
app.command()(adopt)


def list_declared(folder: Path | None = None) -> tuple[Topic, ...]:
    """Every topic, those of the charter's teams included."""
    charter = load_charter(folder or settings().charter)
    return all_topics(team.name for team in charter.teams)


@app.command()
def apply(
    partitions: Annotated[
        int | None,
        typer.Option(
            help=f"Instead of the catalogue's number; the desk of this machine has"
            f" {LOCAL_PARTITIONS}, as `make up` makes them."
        ),
    ] = None,
    replicas: Annotated[int, typer.Option(help="Copies of each partition; 3 in production.")] = 1,
) -> None:
    """Create every topic that is missing, and give the others the declared settings where that
    removes no record. Nothing is ever deleted or made smaller."""
    chosen = settings()
    if partitions is None and is_local(chosen.kafka.bootstrap):
        partitions = LOCAL_PARTITIONS
    applied = asyncio.run(
        apply_topics(
            chosen.kafka,
            list_declared(),
            prefix=chosen.topic_prefix,
            partitions=partitions,
            replicas=replicas,
        )
    )
    say(f"{len(applied.created)} topics created, {len(applied.present)} were there.")
    for change in applied.altered:
        say(f"Altered: {change}.")
    for difference in applied.differing:
        say(f"Differs: {difference}.")


@app.command("list")
def show() -> None:
    """The catalogue: who writes a topic, who reads it, how long it keeps its records."""
    table = TextTable("topic", "key", "writer", "readers", "kept", "partitions")
    for topic in list_declared():
        kept = "compacted" if topic.compacted else "for ever"
        if topic.kept is not None:
            kept = f"{topic.kept.days} days"
        readers = ", ".join((*topic.readers, *topic.followers))
        table.add_line(topic.name, topic.key, topic.writer, readers, kept, str(topic.partitions))
    show_(table)
