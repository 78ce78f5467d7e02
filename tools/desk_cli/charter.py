"""`desk charter check`: is the organisation's charter good, and if not, where and why."""

from pathlib import Path
from typing import Annotated

import typer
from desk_charter import check_charter
from desk_platform.terminal import say

from desk_cli.options import settings

app = typer.Typer(no_args_is_help=True, help="The organisation's files.")


@app.callback()
def group() -> None:
    """The organisation's files."""


@app.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="Default: DESK_CHARTER.")] = None,
) -> None:
    """Every problem with file and line; exit code 1 if there is one."""
    code, text = check_charter(folder or settings().charter)
    say(text)
    raise typer.Exit(code)
