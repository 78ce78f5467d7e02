"""`desk triage learn`: found by the command line as an entry point of this package."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Annotated

import typer
from desk_charter import Charter, load_charter
from desk_cli.options import settings
from desk_contracts import AnyEvent, Codec
from desk_contracts.errors import Invalid, NotFound
from desk_contracts.message import Message
from desk_contracts.names import TICKETS
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import ServiceSettings
from desk_platform.terminal import say, spoken_here
from pydantic_core import from_json

from desk_triage.adapters.trainers.scikit_learn import ScikitLearn
from desk_triage.learning import report
from desk_triage.learning.evaluation import LearningTask, Refusal, learn
from desk_triage.learning.examples import ExampleCollector
from desk_triage.learning.model import LearnedModel
from desk_triage.learning.store import write_model
from desk_triage.routing.assignment import is_unrouted
from desk_triage.settings import MODEL_FILE

app = typer.Typer(no_args_is_help=True, help="What triage learns from tickets that are finished.")

_HISTORY = "Files that `desk import` wrote; without any, the stream desk.tickets."
_STREAM = "Read the stream desk.tickets as well as files."
_OUT = f"The model file; if not given, {MODEL_FILE} in the charter's folder."
_PRECISION = "How often it has to be right where it decides by itself."
_HEADERS = (("content-type", b"application/cloudevents+json"),)
_CODEC = Codec()


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

    What was learned is evaluated on the last weeks, which it has not seen; then it learns from
    these as well. Where it is not as sure as asked it proposes, and a person decides.
    """
    trainer = ScikitLearn()
    charter = load_charter(settings().charter)
    collected = asyncio.run(_collect(history or [], charter, with_stream=stream or not history))
    finished = [
        example._replace(
            team=team.name if (team := charter.team_called(example.team)) else example.team
        )
        for example in collected.all()
    ]
    teams = frozenset(team.name for team in charter.teams)
    _say(report.describe_examples(finished, teams, collected.seen, collected.unreadable))
    scorer = learn(finished, LearningTask(attrgetter("team"), teams, precision), trainer)
    _say(report.describe_team(scorer, precision))
    if isinstance(scorer, Refusal):
        _say([report.NOTHING_WRITTEN])
        raise typer.Exit(1)
    every = frozenset(example.category for example in finished)
    category = learn(finished, LearningTask(attrgetter("category"), every, precision), trainer)
    _say(report.describe_category(category, precision))
    chosen = None if isinstance(category, Refusal) else category
    model = LearnedModel(precision=precision, team=scorer, category=chosen).sign()
    path = out or settings().charter / MODEL_FILE
    _say([report.describe_file(str(path), model, write_model(path, model))])


def _say(lines: Iterable[Message]) -> None:
    """Each on its line, in the language of the terminal."""
    spoken = spoken_here()
    for line in lines:
        say(spoken.render(line))


async def _collect(
    files: Sequence[Path], charter: Charter, *, with_stream: bool
) -> ExampleCollector:
    examples = ExampleCollector(lambda opened, at: is_unrouted(opened, at, charter))
    for path in files:
        for event in read_file(path):
            examples.add(event)
    if with_stream:
        async for record in read_stream(settings()):
            examples.add(record)
    return examples


def read_file(path: Path) -> Iterator[AnyEvent]:
    """The events of a history file: CloudEvents of desk.tickets in JSON Lines, .gz as well."""
    if not path.is_file():
        raise NotFound(f"There is no file '{path}'. `desk import` writes one.")
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                document = from_json(line)
                subject = document.get("subject", "") if isinstance(document, dict) else ""
                yield _CODEC.decode(str(subject).encode(), line, _HEADERS)
            except (Invalid, ValueError) as error:
                raise Invalid(
                    f"{path}:{number}: {error}; a history file has one event of a ticket in each"
                    " line, as `desk import` writes them"
                ) from error


async def read_stream(settings: ServiceSettings) -> AsyncIterator[AnyEvent | None]:
    """Everything on desk.tickets up to now; None for a record that cannot be read."""
    door = RecordDecoder(prefix=settings.topic_prefix)
    async for raw in read_all(settings.kafka, [settings.topic_prefix + TICKETS]):
        try:
            yield door.read(raw)
        except Invalid:
            yield None
