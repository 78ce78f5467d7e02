"""`desk triage learn`: found by the command line as an entry point of this package."""

import asyncio
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from typing import Annotated

import typer
from desk_shared.charter import Charter, load_charter
from desk_shared.cli.setting import settings
from desk_shared.terminal import say
from desk_shared.text import plain_words

from desk_triage.domain.judging import LearningTask, Refused, learn
from desk_triage.domain.learned import LearnedModel
from desk_triage.domain.lessons import Lessons
from desk_triage.domain.routing import leaves_open
from desk_triage.learning import report
from desk_triage.learning.fitting import fit, need_library
from desk_triage.learning.reading import from_file, from_stream
from desk_triage.model_file import write_model
from desk_triage.settings import MODEL_FILE

app = typer.Typer(no_args_is_help=True, help="What triage learns from tickets that are finished.")

_HISTORY = "Files that `desk import` wrote; without any, the stream desk.tickets."
_STREAM = "Read the stream desk.tickets as well as files."
_OUT = f"The model file; if not given, {MODEL_FILE} in the charter's folder."
_PRECISION = "How often it has to be right where it decides by itself."


@app.callback()
def triage() -> None:
    """A group, although it has one command so far."""


@app.command("learn")
def learn_(
    history: Annotated[list[Path] | None, typer.Argument(help=_HISTORY)] = None,
    stream: Annotated[bool, typer.Option("--stream", help=_STREAM)] = False,
    out: Annotated[Path | None, typer.Option(help=_OUT)] = None,
    precision: Annotated[float, typer.Option(min=0.5, max=0.999, help=_PRECISION)] = 0.9,
) -> None:
    """Learn from finished tickets which team takes what no rule knows; exit code 1 if it cannot.

    The weeks last seen judge what was learned from those before. A model that is not as right as
    asked, or no better than always naming the busiest team, is not written.
    """
    need_library()
    charter = load_charter(settings().charter)
    read = asyncio.run(_read(history or [], charter, with_stream=stream or not history))
    known = _charters_names(charter)
    finished = [one._replace(team=known.get(plain_words(one.team), one.team)) for one in read.all()]
    teams = frozenset(team.name for team in charter.teams)
    say(report.read(finished, teams, read.seen, read.unreadable))
    found = learn(finished, LearningTask(attrgetter("team"), teams, precision), fit)
    say(report.told("The team", found, precision))
    if isinstance(found, Refused):
        say(report.NOTHING_WRITTEN)
        raise typer.Exit(1)
    every = frozenset(one.category for one in finished)
    category = learn(finished, LearningTask(attrgetter("category"), every, precision), fit)
    say(report.told("The category", category, precision))
    chosen = None if isinstance(category, Refused) else category
    model = LearnedModel(precision=precision, team=found, category=chosen).signed()
    path = out or settings().charter / MODEL_FILE
    say(report.written(path, model, write_model(path, model)))


async def _read(files: Sequence[Path], charter: Charter, *, with_stream: bool) -> Lessons:
    lessons = Lessons(lambda opened, at: leaves_open(opened, at, charter))
    for path in files:
        for event in from_file(path):
            lessons.add(event)
    if with_stream:
        async for record in from_stream(settings()):
            lessons.add(record)
    return lessons


def _charters_names(charter: Charter) -> dict[str, str]:
    """A team by its name or title, however an old desk wrote it."""
    titles = {plain_words(team.title): team.name for team in charter.teams}
    return titles | {plain_words(team.name): team.name for team in charter.teams}
