"""`desk import` and `desk report`: found by the command line as entry points of this package."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from desk_shared.cli.screen import Screen, show
from desk_shared.errors import Invalid
from desk_shared.terminal import say_json
from pydantic_core import from_json

from desk_metrics.history import tables
from desk_metrics.history.cells import HistoryCells
from desk_metrics.history.containers import Bounds
from desk_metrics.history.file import read_history, written_whole
from desk_metrics.history.findings import WhereTimeGoes, where_time_goes
from desk_metrics.history.fitting import Fitted, Verdict, fit, verdict_of
from desk_metrics.history.forms import Order
from desk_metrics.history.importing import Account, Import, Places
from desk_metrics.history.journey import Journey, journey_of
from desk_metrics.history.mapping import load_mapping
from desk_metrics.history.model import Imported
from desk_metrics.history.tallies import Tallies
from desk_metrics.planning.commands import PlanningCommands
from desk_metrics.reports.commands import worst_systems
from desk_metrics.reports.page.commands import page

report = typer.Typer(no_args_is_help=True, help="What the figures and ticket history tell.")
report.command("worst-systems")(worst_systems)
report.command("page")(page)
_planning = PlanningCommands(HistoryCells.of)
report.command("goals")(_planning.goals)
report.command("staffing")(_planning.staffing)
_KEPT = frozenset({"true", "1", "yes", "y"})
_BROKEN = frozenset({"false", "0", "no", "n"})
_ZONE = "Zone of moments without an offset, if not the mapping's: Europe/Berlin."
_DATES = "Which number of a date is the day, where the file's own dates do not show it."
_ENCODING = "Of a file that is not Unicode: cp1251, shift_jis, …; else it is seen."
_INFLATED = "Megabytes that a gzipped file may inflate to, if not 20,000 and 250 times its size."
_MAPPING = "One that comes with the desk (uci, servicenow, …), or a path of your own .yaml."


class By(StrEnum):
    """What tickets are grouped by."""

    CATEGORY = "category"
    SERVICE = "service"


def import_(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    files: Annotated[list[Path], typer.Argument(help="CSV, JSON or JSON Lines; .gz as well.")],
    mapping: Annotated[str, typer.Option(help=_MAPPING)],
    out: Annotated[Path, typer.Option(help="The history file to write; .jsonl or .jsonl.gz.")],
    zone: Annotated[str, typer.Option(help=_ZONE)] = "",
    dates: Annotated[Order | None, typer.Option(help=_DATES)] = None,
    encoding: Annotated[str, typer.Option(help=_ENCODING)] = "",
    max_inflated: Annotated[int, typer.Option(min=0, help=_INFLATED)] = 0,
) -> None:
    """Read ticket history of another system into events, every row accounted for.

    Beside the history file appear .rejects (each row that was refused or remarked on, with its
    number and the reason), .figures (the log's own counts) and .differences (where they differ).
    """
    places = Places.beside(out)
    read = load_mapping(mapping, zone, dates, encoding)
    account = Import(files, read, bounds=Bounds.of(max_inflated)).write(places)
    show(*tables.account(account, str(places.rejects), str(places.differences)))
    if not account.tickets:
        raise typer.Exit(1)


@report.command("where-time-goes")
def where_time_goes_(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    history: Annotated[Path, typer.Argument(help="A history file, or an export with --mapping.")],
    mapping: Annotated[str, typer.Option(help=f"For an export: {_MAPPING}")] = "",
    rejects: Annotated[Path | None, typer.Option(help="For an export: its rejects.")] = None,
    zone: Annotated[str, typer.Option(help=f"For an export: {_ZONE}")] = "",
    dates: Annotated[Order | None, typer.Option(help=f"For an export: {_DATES}")] = None,
    by: Annotated[By, typer.Option(help="What tickets are grouped by.")] = By.CATEGORY,
    top: Annotated[int, typer.Option(min=1, max=1000, help="Length of each ranking.")] = 10,
    json: Annotated[bool, typer.Option(help="The report as JSON.")] = False,
) -> None:
    """Tell what to automate, what to engineer out, who hands on most, where tickets wait."""
    account: Account | None = None
    tallies = Tallies()
    if mapping:
        account = _tallied(
            Import([history], load_mapping(mapping, zone, dates)), rejects, tallies, by
        )
    else:
        for life in read_history(history):
            _add(tallies, life, by)
    found = where_time_goes(tallies, top=top)
    _show(found, account, rejects, json=json)


@report.command("sla-fit")
def sla_fit(
    history: Annotated[Path, typer.Argument(help="A history file.")],
    figures: Annotated[Path | None, typer.Option(help="Its figures; else found beside it.")] = None,
    json: Annotated[bool, typer.Option(help="The result as JSON.")] = False,
) -> None:
    """Fit the SLA behind a log's verdicts: targets on one half, agreement on the other."""
    verdicts = list(_verdicts(history, figures or Places.beside(history).figures))
    fitted = fit(verdicts)
    if fitted is None:
        raise Invalid(
            "There are not enough verdicts to fit an SLA: the figures need 'kept', both true and"
            " false, for tickets that are over."
        )
    _print_fitted(fitted, json=json)


def _tallied(run: Import, rejects: Path | None, tallies: Tallies, by: By) -> Account:
    """An export straight into the sums; what was refused is counted, and written where asked."""
    if rejects is None:
        for _rows, life in run.lives(_Nowhere()):
            _add(tallies, life, by)
        return run.account
    with written_whole(rejects) as stream:
        for _rows, life in run.lives(stream):
            _add(tallies, life, by)
    return run.account


class _Nowhere:
    def write(self, _line: bytes, /) -> None:
        """Remarks are counted all the same."""


def _add(tallies: Tallies, life: list[Imported], by: By) -> None:
    journey = journey_of(life)
    tallies.add(journey, _topic(journey, by))


def _topic(journey: Journey, by: By) -> str:
    return journey.service if by is By.SERVICE else journey.category


def _show(
    found: WhereTimeGoes, account: Account | None, rejects: Path | None, *, json: bool
) -> None:
    if account is not None:
        where = str(rejects) if rejects else "a file, with --rejects"
        Screen(is_error=True).print(*tables.account(account, where, ""))
    if json:
        say_json(found.model_dump_json(indent=2))
    else:
        show(*tables.where_time_goes(found))


def _print_fitted(fitted: Fitted, *, json: bool) -> None:
    if json:
        say_json(fitted.model_dump_json(indent=2))
    else:
        show(*tables.fitted(fitted))


def _verdicts(history: Path, figures: Path) -> Iterator[Verdict]:
    """Verdicts are held in memory, some 300 bytes a ticket: fitting looks at them many times."""
    if not figures.is_file():
        raise Invalid(f"There is no file '{figures}'. Import with a mapping that names figures.")
    kept: dict[str, bool] = {}
    with figures.open("rb") as stream:
        for line in stream:
            said = from_json(line)
            verdict = str(said.get("kept", "")).casefold()
            if verdict in _KEPT | _BROKEN:
                kept[said["ticket"]] = verdict in _KEPT
    for life in read_history(history):
        ticket = life[0].event.subject
        journey = journey_of(life)
        if ticket in kept and journey.is_over:
            yield verdict_of(ticket, journey, kept=kept[ticket])
