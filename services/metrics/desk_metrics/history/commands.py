"""`desk import` and `desk report`: found by the command line as entry points of this package."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from desk_cli.screen import Screen, TextTable, show
from desk_contracts.errors import Invalid
from desk_contracts.message import message
from desk_contracts.text import plain_line
from desk_platform.terminal import say_json, spoken_here
from pydantic import BaseModel
from pydantic_core import from_json
from rich.console import RenderableType
from rich.text import Text

from desk_metrics.adapters.history_files.container import Bounds
from desk_metrics.history.exports.forms import Order
from desk_metrics.history.exports.store import load_mapping
from desk_metrics.history.findings import WhereTimeGoes
from desk_metrics.history.fitting import Fitted, Verdict, fit, measure_verdict
from desk_metrics.history.model import Imported
from desk_metrics.history.path import trace_path
from desk_metrics.history.policies import list_bounds, write_charter
from desk_metrics.history.sentences import where_time_goes
from desk_metrics.history.store import HistoryContributions, read_history, write_whole
from desk_metrics.history.tallies import Tallies
from desk_metrics.history.worker import Import, ImportSummary, Places
from desk_metrics.planning.commands import PlanningCommands
from desk_metrics.reports.commands import worst_systems
from desk_metrics.reports.page.commands import page

report = typer.Typer(no_args_is_help=True, help="What the figures and ticket history tell.")
report.command("worst-systems")(worst_systems)
report.command("page")(page)
_planning = PlanningCommands(HistoryContributions.of)
report.command("goals")(_planning.goals)
report.command("staffing")(_planning.plan_staffing)
R = TypeVar("R", bound=BaseModel)
_UNKNOWN = "not known"
_KEPT = frozenset({"true", "1", "yes", "y"})
_BROKEN = frozenset({"false", "0", "no", "n"})
_ZONE = "Zone of moments without an offset, if not the mapping's: Europe/Berlin."
_DATES = "Which number of a date is the day, where the file's own dates do not show it."
_ENCODING = "Of a file that is not Unicode: cp1251, shift_jis, …; else it is seen."
_INFLATED = "Megabytes that a gzipped file may inflate to, if not 20,000 and 250 times its size."
_FIGURES = "The log's own figures with its verdicts; else found beside the history."
_MAPPING = "One that comes with the desk (uci, servicenow, …), or a path of your own .yaml."


class GroupBy(StrEnum):
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
    rules = load_mapping(mapping, zone, dates, encoding)
    summary = Import(files, rules, bounds=Bounds.of(max_inflated)).write(places)
    show(*describe_import(summary, str(places.rejects), str(places.differences)))
    if not summary.tickets:
        raise typer.Exit(1)


@report.command("where-time-goes")
def where_time_goes_(  # noqa: PLR0913, PLR0917 (each is an option of the command)
    history: Annotated[Path, typer.Argument(help="A history file, or an export with --mapping.")],
    mapping: Annotated[str, typer.Option(help=f"For an export: {_MAPPING}")] = "",
    rejects: Annotated[Path | None, typer.Option(help="For an export: its rejects.")] = None,
    zone: Annotated[str, typer.Option(help=f"For an export: {_ZONE}")] = "",
    dates: Annotated[Order | None, typer.Option(help=f"For an export: {_DATES}")] = None,
    figures: Annotated[Path | None, typer.Option(help=_FIGURES)] = None,
    by: Annotated[GroupBy, typer.Option(help="What tickets are grouped by.")] = GroupBy.CATEGORY,
    top: Annotated[int, typer.Option(min=1, max=1000, help="Length of each ranking.")] = 10,
    json: Annotated[bool, typer.Option(help="The report as JSON.")] = False,
) -> None:
    """Tell what breaks SLAs, what to automate or engineer out, who hands on, where tickets wait."""
    tallies = Tallies()
    if mapping:
        run = Import([history], load_mapping(mapping, zone, dates))
        with nullcontext(_Discard()) if rejects is None else write_whole(rejects) as sink:
            verdicts = (
                (events, _read_verdict(rows[-1].figures))
                for rows, events in run.read_histories(sink)
            )
            _add_up(verdicts, tallies, by)
        where = str(rejects) if rejects else "a file, with --rejects"
        Screen(is_error=True).print(*describe_import(run.summary, where, ""))
    else:
        beside = figures or Places.beside(history).figures
        kept = _read_kept(beside) if figures or beside.is_file() else {}
        _add_up(
            ((events, kept.get(events[0].event.subject)) for events in read_history(history)),
            tallies,
            by,
        )
    report = where_time_goes(tallies, top=top)
    _show(report, describe_where_time_goes, json=json)


@report.command("sla-fit")
def sla_fit(
    history: Annotated[Path, typer.Argument(help="A history file.")],
    figures: Annotated[Path | None, typer.Option(help=_FIGURES)] = None,
    json: Annotated[bool, typer.Option(help="The result as JSON.")] = False,
) -> None:
    """Fit the SLA behind a log's verdicts: targets on one half, agreement on the other."""
    verdicts = list(_read_verdicts(history, figures or Places.beside(history).figures))
    fitted = fit(verdicts)
    if fitted is None:
        raise Invalid(
            "There are not enough verdicts to fit an SLA: the figures need 'kept', both true and"
            " false, for tickets that are over."
        )
    _show(fitted, describe_fitted, json=json)


class _Discard:
    """Remarks are counted all the same."""

    def write(self, _line: bytes, /) -> None:
        """Keep nothing."""


def _add_up(
    verdicts: Iterable[tuple[list[Imported], bool | None]], tallies: Tallies, by: GroupBy
) -> None:
    for events, is_kept in verdicts:
        path = trace_path(events)
        topic = path.service if by is GroupBy.SERVICE else path.category
        tallies.add(path, topic, is_kept=is_kept)


def _show(result: R, describe: Callable[[R], Sequence[RenderableType]], *, json: bool) -> None:
    if json:
        say_json(result.model_dump_json(indent=2))
    else:
        show(*describe(result))


def _read_verdicts(history: Path, figures: Path) -> Iterator[Verdict]:
    """Verdicts are held in memory, some 300 bytes a ticket: fitting looks at them many times."""
    if not figures.is_file():
        raise Invalid(f"There is no file '{figures}'. Import with a mapping that names figures.")
    kept = _read_kept(figures)
    for events in read_history(history):
        ticket = events[0].event.subject
        path = trace_path(events)
        if ticket in kept and path.is_over:
            yield measure_verdict(ticket, path, kept=kept[ticket])


def _read_kept(figures: Path) -> dict[str, bool]:
    with figures.open("rb") as stream:
        documents = map(from_json, stream)
        verdicts = ((item["ticket"], _read_verdict(item)) for item in documents)
        return {ticket: verdict for ticket, verdict in verdicts if verdict is not None}


def _read_verdict(figures: Mapping[str, str]) -> bool | None:
    """What the log says of the ticket's SLA; None if that is neither yes nor no."""
    word = str(figures.get("kept", "")).casefold()
    return word in _KEPT if word in _KEPT | _BROKEN else None


def describe_import(summary: ImportSummary, rejects: str, differences: str) -> list[RenderableType]:
    """What became of every row."""
    shown: list[RenderableType] = [
        f"{summary.rows:,} rows: {summary.used:,} used, {summary.refused.total():,} refused."
        f" {summary.tickets:,} tickets, {summary.events:,} events.",
        *(Text(plain_line(note)) for note in summary.notes),
    ]
    if not summary.rows:
        shown.append("There is no row below the header: nothing was imported.")
    faults = TextTable("what", "rows", "used", title="Rows with something wrong")
    for counted, used in ((summary.refused, "no"), (summary.remarked, "yes")):
        for fault, count in counted.most_common():
            faults.add_line(fault, f"{count:,}", used)
    if faults.row_count:
        shown += [faults, f"Each with its row and the reason in {rejects}."]
    if summary.compared and differences:
        agreed = TextTable("figure", "compared", "agree", "share", title="The log's own figures")
        for name, count in summary.compared.items():
            same = summary.agreeing[name]
            agreed.add_line(name, f"{count:,}", f"{same:,}", f"{same / count:.2%}")
        shown += [agreed, f"Each that differs is in {differences}."]
    return _space_out(shown)


def describe_where_time_goes(result: WhereTimeGoes) -> list[RenderableType]:
    """The report, the sentences first."""
    spoken = spoken_here()
    sentences = [plain_line(spoken.render(sentence)) for sentence in result.sentences]
    table = TextTable("measure", "value", title="All tickets")
    for name in type(result).model_fields:
        value = getattr(result, name)
        if not isinstance(value, tuple | BaseModel):
            table.add_line(name.replace("_", " "), _format_value(name, value))
    shown: list[RenderableType] = [*map(Text, sentences), table]
    breaches = result.breaches
    rankings: dict[str, Sequence[BaseModel]] = {
        "SLAs broken, by hand-overs": breaches.by_handovers if breaches else (),
        "SLAs broken, by priority": breaches.by_priority if breaches else (),
        "SLAs broken, by month of opening": breaches.by_month if breaches else (),
        "Automate": result.automate,
        "Most repeated": result.most_repeated,
        "Engineer out": result.engineer_out,
        "Ended by the first team, or passed on": result.passed_on,
        "Teams that hand on": result.hand_on,
        "Given away and straight back": result.ping_pong,
        "Where tickets wait": result.waits,
        "Waits that may have stopped a clock only": result.wait_signs,
        "Queues": result.queues,
        "Reopened tickets, by topic": result.reopened_topics,
        "Reopened tickets, by team": result.reopened_teams,
        "Paths": result.paths,
        "Ways through teams": result.routes,
        "Months": result.months,
        "Trends over whole months": result.trends,
    }
    for title, rows in rankings.items():
        if rows:
            names = list(type(rows[0]).model_fields)
            ranking = TextTable(*(name.replace("_", " ") for name in names), title=title)
            for row in rows:
                ranking.add_line(*(_format_value(name, getattr(row, name)) for name in names))
            shown.append(ranking)
    return _space_out(shown)


def describe_fitted(fitted: Fitted) -> list[RenderableType]:
    """The fitted SLA with its agreement."""
    waiting = "counts" if fitted.counts_waiting else "does not count"
    table = TextTable("priority", "fitted target, h", "on kept", "and broken")
    for priority, minutes in fitted.targets.items():
        kept, broken = fitted.fitted_on[priority]
        table.add_line(priority, f"{minutes / 60:,.1f}", f"{kept:,}", f"{broken:,}")
    return _space_out(
        [
            f"FITTED, not told by the log: {fitted.calendar}, waiting {waiting},"
            f" until {fitted.until}.",
            table,
            f"Agreement with the log's verdicts: {fitted.agreement_held_out:.1%} of"
            f" {fitted.held_out:,} held-out tickets ({fitted.agreement_trained:.1%} of"
            f" {fitted.trained_on:,} it was fitted on); one verdict for all would agree with"
            f" {fitted.baseline:.1%}.",
            f"Of the kept ones it finds {fitted.kept_found:.1%}, of the broken ones"
            f" {fitted.broken_found:.1%}.",
            *_describe_writing(fitted),
        ]
    )


def _describe_writing(fitted: Fitted) -> Iterator[RenderableType]:
    """What a charter would say, or why it cannot and what comes nearest."""
    spoken = spoken_here()
    written = fitted.writable or fitted
    agreement = written.agreement_held_out
    if fitted.writable is None:
        yield spoken.render(message("sla-fit.written", agreement=agreement))
    else:
        yield spoken.render(
            message(
                "sla-fit.runs-to-closing",
                agreement=agreement,
                best=fitted.agreement_held_out,
                baseline=written.baseline,
            )
        )
    if bounds := list_bounds(written):
        yield spoken.render(message("sla-fit.bounds", priorities=bounds))
    yield Text(write_charter(written))


def _format_value(name: str, value: object) -> str:
    """A figure as people read it; what the log does not tell is said so."""
    if isinstance(value, float):
        is_share = "share" in name or name in {"sameness", "evenness"}
        return f"{value:.1%}" if is_share else f"{value:,.2f}".removesuffix(".00")
    match value:
        case bool() | None:
            return {True: "yes", False: "no", None: _UNKNOWN}[value]
        case tuple():
            return " > ".join(value).replace("_", " ") if name == "steps" else ", ".join(value)
        case _:
            return f"{value:,}" if isinstance(value, int) else str(value).replace("_", " ")


def _space_out(shown: Iterable[RenderableType]) -> list[RenderableType]:
    return [part for line in shown for part in (line, "\n")][:-1]
