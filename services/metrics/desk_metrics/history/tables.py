"""The import's account and the reports as tables for a terminal."""

from collections.abc import Iterable, Sequence

from desk_shared.cli.screen import Sheet
from desk_shared.terminal import spoken_here
from desk_shared.text import plain_line
from pydantic import BaseModel
from rich.console import RenderableType
from rich.text import Text

from desk_metrics.history.findings import WhereTimeGoes
from desk_metrics.history.fitting import Fitted
from desk_metrics.history.importing import Account

_SHARE = ("share", "per_ticket")


def account(account: Account, rejects: str, differences: str) -> list[RenderableType]:
    """What became of every row."""
    shown: list[RenderableType] = [
        f"{account.rows:,} rows: {account.used:,} used, {account.refused.total():,} refused."
        f" {account.tickets:,} tickets, {account.events:,} events.",
        *(Text(plain_line(note)) for note in account.notes),
    ]
    if not account.rows:
        shown.append("There is no row below the header: nothing was imported.")
    faults = Sheet("what", "rows", "used", title="Rows with something wrong")
    for counted, used in ((account.refused, "no"), (account.remarked, "yes")):
        for fault, count in counted.most_common():
            faults.add_line(fault, f"{count:,}", used)
    if faults.row_count:
        shown += [faults, f"Each with its row and the reason in {rejects}."]
    if account.compared and differences:
        agreed = Sheet("figure", "compared", "agree", "share", title="The log's own figures")
        for name, count in account.compared.items():
            same = account.agreeing[name]
            agreed.add_line(name, f"{count:,}", f"{same:,}", f"{same / count:.2%}")
        shown += [agreed, f"Each that differs is in {differences}."]
    return _lines(shown)


def where_time_goes(found: WhereTimeGoes) -> list[RenderableType]:
    """The report, the sentences first."""
    spoken = spoken_here()
    said = [spoken.render(one) for one in found.sentences]
    shown: list[RenderableType] = [*said, _overview(found)]
    rankings: dict[str, Sequence[BaseModel]] = {
        "Automate": found.automate,
        "Most repeated": found.most_repeated,
        "Engineer out": found.engineer_out,
        "Teams that hand on": found.hand_on,
        "Where tickets wait": found.waits,
        "Queues": found.queues,
        "Reopened, by topic": found.reopened_topics,
        "Reopened, by team": found.reopened_teams,
    }
    shown += [_ranking(title, rows) for title, rows in rankings.items() if rows]
    return _lines(shown)


def fitted(fitted: Fitted) -> list[RenderableType]:
    """The fitted SLA with its agreement."""
    waiting = "counts" if fitted.counts_waiting else "does not count"
    table = Sheet("priority", "fitted target, h", "on kept", "and broken")
    for priority, minutes in fitted.targets.items():
        kept, broken = fitted.fitted_on[priority]
        table.add_line(priority, f"{minutes / 60:,.1f}", f"{kept:,}", f"{broken:,}")
    return _lines(
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
        ]
    )


def _overview(found: WhereTimeGoes) -> Sheet:
    table = Sheet("measure", "value", title="All tickets")
    for name in type(found).model_fields:
        value = getattr(found, name)
        if value is not None and not isinstance(value, tuple):
            table.add_line(name.replace("_", " "), _cell(name, value))
    return table


def _ranking(title: str, rows: Sequence[BaseModel]) -> Sheet:
    names = list(type(rows[0]).model_fields)
    table = Sheet(*(name.replace("_", " ") for name in names), title=title)
    for row in rows:
        table.add_line(*(_cell(name, getattr(row, name)) for name in names))
    return table


def _cell(name: str, value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1%}" if "share" in name else f"{value:,.2f}".removesuffix(".00")
    return f"{value:,}" if isinstance(value, int) else str(value)


def _lines(shown: Iterable[RenderableType]) -> list[RenderableType]:
    return [part for one in shown for part in (one, "\n")][:-1]
