"""`desk triage learn`: found by the command line as an entry point of this package."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from desk_charter import Charter, load_charter
from desk_cli.options import settings
from desk_contracts import AnyEvent, Codec
from desk_contracts.errors import Invalid, NotFound
from desk_contracts.message import Message, message
from desk_contracts.names import TICKETS
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.topic_reader import read_all
from desk_platform.settings import ServiceSettings
from desk_platform.terminal import say, spoken_here
from pydantic_core import from_json

from desk_triage.adapters.trainers.scikit_learn import ScikitLearn
from desk_triage.learning import report
from desk_triage.learning.dataset import Trainer
from desk_triage.learning.evaluation import (
    LearningTask,
    Refusal,
    challenge,
    compete,
    complete,
    learn,
)
from desk_triage.learning.examples import ExampleCollector
from desk_triage.learning.model import LearnedModel
from desk_triage.learning.store import ModelShelf
from desk_triage.routing.assignment import is_unrouted
from desk_triage.settings import MODEL_FILE

app = typer.Typer(no_args_is_help=True, help="What triage learns from tickets that are finished.")

_HISTORY = "Files that `desk import` wrote; without any, the stream desk.tickets."
_STREAM = "Read the stream desk.tickets as well as files."
_OUT = f"The model file; if not given, {MODEL_FILE} in the charter's folder."
_PRECISION = "How often it has to be right where it decides by itself."
_EVERY = "Go on learning in the background, every so many hours, until stopped."
_SECONDS_OF_AN_HOUR = 3_600
_HEADERS = (("content-type", b"application/cloudevents+json"),)
_CODEC = Codec()


@app.command("learn")
def learn_(
    history: Annotated[list[Path] | None, typer.Argument(help=_HISTORY)] = None,
    stream: Annotated[bool, typer.Option("--stream", help=_STREAM)] = False,
    out: Annotated[Path | None, typer.Option(help=_OUT)] = None,
    precision: Annotated[float, typer.Option(min=0.5, max=0.999, help=_PRECISION)] = 0.9,
    every: Annotated[float | None, typer.Option(min=0.01, help=_EVERY)] = None,
) -> None:
    """Learn from finished tickets which team takes what no rule knows; exit code 1 if it cannot.

    What was learned is evaluated on the last weeks, which it has not seen; then it learns from
    these as well. Where it is not as sure as asked it proposes, and a person decides. It takes the
    place of the model in force if it is right as often on tickets that neither has seen.
    """
    trainer = ScikitLearn()
    path = out or settings().charter / MODEL_FILE
    run = _Run(history or [], stream or not history, path, precision)
    while True:
        is_learned = _learn_once(run, trainer)
        if every is None:
            raise typer.Exit(0 if is_learned else 1)
        time.sleep(every * _SECONDS_OF_AN_HOUR)


@app.command("models")
def list_models(out: Annotated[Path | None, typer.Option(help=_OUT)] = None) -> None:
    """The models that were in force, the newest first; which one is, and whether it is pinned."""
    shelf = ModelShelf(out or settings().charter / MODEL_FILE)
    _say(report.describe_models(shelf.list(), shelf.version, shelf.pinned))


@app.command("use")
def use(
    version: Annotated[str, typer.Argument(help="A version that `desk triage models` lists.")],
    out: Annotated[Path | None, typer.Option(help=_OUT)] = None,
) -> None:
    """Put an earlier model into force and pin it: nothing that is learned takes its place."""
    shelf = ModelShelf(out or settings().charter / MODEL_FILE)
    shelf.use(version)
    _say([message("learning.pinned", model=version)])


@app.command("unpin")
def unpin(out: Annotated[Path | None, typer.Option(help=_OUT)] = None) -> None:
    """Let what is learned next take the place of the model in force again."""
    ModelShelf(out or settings().charter / MODEL_FILE).unpin()
    _say([message("learning.unpinned")])


class _Run(NamedTuple):
    """What is read, where the model lies, and how often it has to be right."""

    history: Sequence[Path]
    with_stream: bool
    path: Path
    precision: float


def _learn_once(run: _Run, trainer: Trainer) -> bool:
    """Whether something was learned, be it better than what is in force or not."""
    charter = load_charter(settings().charter)
    collected = asyncio.run(_collect(run.history, charter, with_stream=run.with_stream))
    finished = [
        example._replace(team=charter.name_team(example.team)) for example in collected.all()
    ]
    teams = frozenset(team.name for team in charter.teams)
    _say(report.describe_examples(finished, teams, collected.seen, collected.unreadable))
    precision = run.precision
    challenger = challenge(finished, LearningTask(attrgetter("team"), teams, precision), trainer)
    scorer = challenger if isinstance(challenger, Refusal) else complete(challenger, trainer)
    _say(report.describe_team(scorer, precision))
    if isinstance(challenger, Refusal) or isinstance(scorer, Refusal):
        _say([report.NOTHING_WRITTEN])
        return False
    shelf = ModelShelf(run.path)
    if shelf.pinned:
        _say([message("learning.stays-pinned", model=shelf.pinned)])
        return True
    if (champion := shelf.current) is not None:
        contest = compete(challenger, champion.team)
        _say([report.describe_contest(contest, champion.version)])
        if not contest.is_won:
            return True
    every = frozenset(example.category for example in finished)
    category = learn(finished, LearningTask(attrgetter("category"), every, precision), trainer)
    _say(report.describe_category(category, precision))
    chosen = None if isinstance(category, Refusal) else category
    model = LearnedModel(precision=precision, team=scorer, category=chosen).sign()
    _say([report.describe_file(str(run.path), model, shelf.put(model))])
    return True


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
