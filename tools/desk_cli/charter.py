"""`desk charter check`: is the organisation's charter good, and if not, where and why."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from desk_charter import check_charter
from desk_platform.kafka.topic_reader import list_topic_names
from desk_platform.terminal import say

from desk_cli.options import settings
from desk_cli.topics import list_declared

app = typer.Typer(no_args_is_help=True, help="The organisation's files.")


@app.callback()
def group() -> None:
    """The organisation's files."""


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="Default: DESK_CHARTER.")] = None,
    topics: Annotated[
        bool, typer.Option("--topics", help="Ask the brokers for the teams' topics too.")
    ] = False,
) -> None:
    """Every problem with file and line, as the services would find it; exit code 1 if there is one.

    A team that is new needs a topic: --topics asks the brokers whether each has its own.
    """
    chosen = settings()
    code, text = check_charter(folder or chosen.charter)
    say(text)
    if topics and code == 0:
        wanted = {chosen.topic_prefix + topic.name for topic in list_declared(folder)}
        if missing := wanted - asyncio.run(list_topic_names(chosen.kafka)):
            say(f"missing topics, made by `desk topics apply`: {', '.join(sorted(missing))}")
            code = 1
    raise typer.Exit(code)
