"""The page as HTML: one file, A4 when printed, no script, nothing loaded from anywhere."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Literal, NamedTuple

from desk_metrics.page.gathering import Gathered
from desk_metrics.page.plots import Line, Plot, svg_of

Unit = Literal["count", "share", "hours", "minutes", "quotient"]
Better = Literal["more", "less", ""]

STYLE = """
@page { size: A4; margin: 16mm 14mm }
* { box-sizing: border-box }
body { font: 11pt/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 182mm; margin: 8mm auto;
  padding: 0 4mm }
h1 { font-size: 19pt; margin: 0 } h2 { font-size: 13pt; margin: 8mm 0 2mm; break-after: avoid }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt }
th, td { text-align: right; padding: 1mm 2mm; border-bottom: 1px solid #ccc }
th:first-child, td:first-child { text-align: left } thead th { border-bottom: 2px solid #555 }
thead { display: table-header-group } tr, figure { break-inside: avoid }
figure { margin: 0 0 4mm } figcaption { font-weight: 600; margin-bottom: 1mm }
svg { width: 100%; height: auto } svg text { font: 11px system-ui, sans-serif; fill: #333 }
details { margin-top: 1mm } .note { color: #444; font-size: 9.5pt }
@media print { body { margin: 0; max-width: none; padding: 0 } summary { display: none }
  details:not([open]) { display: none } }
"""


class Headline(NamedTuple):
    """One figure of the first table."""

    name: str
    figure: str
    unit: Unit
    better: Better


HEADLINES = (
    Headline("Tickets that people opened", "contacts", "count", "less"),
    Headline("Tickets the desk opened first", "proactive", "count", ""),
    Headline("Resolved", "resolved", "count", ""),
    Headline("Open at the end", "backlog", "count", "less"),
    Headline("Mean time to acknowledge", "mtta", "hours", "less"),
    Headline("Mean time to restore", "mttr", "hours", "less"),
    Headline("Time to restore, 90 % within", "mttr_p90", "hours", "less"),
    Headline("Resolved at first contact", "first_contact_resolution", "share", "more"),
    Headline("Reopened", "reopen_rate", "share", "less"),
    Headline("Promises kept", "promises_kept", "share", "more"),
    Headline("Solved without anybody", "self_service_share", "share", "more"),
    Headline("Repairs that lasted", "auto_healed", "count", "more"),
    Headline("Lost minutes, at most", "lost_minutes", "minutes", "less"),
    Headline("Happiness quotient (-1 to 1)", "happiness", "quotient", "more"),
)
_TEAM = ("contacts", "resolved", "backlog", "mttr", "promises_kept", "happiness")
_BY_FIGURE = {one.figure: one for one in HEADLINES}


def page_of(found: Gathered, made_at: datetime) -> str:
    """The whole page."""
    asked = found.asked
    of = f"Team {asked.team}" if asked.team else "All teams"
    title = f"Experience report, {asked.first} to {asked.last}"
    body = [
        f"<header><h1>{escape(title)}</h1><p>{escape(of)}. Days are UTC days; as known at"
        f" {asked.as_of:%Y-%m-%d %H:%M} UTC, written {made_at:%Y-%m-%d %H:%M} UTC.</p></header>",
        "<main>",
        *_headlines(found),
        "<h2>How it went</h2>",
        *(_figure(plot) for plot in plots_of(found)),
        *_teams(found),
        *_worst(found),
        "</main>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def plots_of(found: Gathered) -> Iterator[Plot]:
    """What the page draws."""
    steps = tuple(f"{start:%d %b}" for start, _ in found.steps)

    def line(name: str, figure: str, per: float = 1.0) -> Line:
        values = (figures[figure] for _, figures in found.steps)
        return Line(name, tuple(None if one is None else one / per for one in values))

    per = "day" if found.asked.step == 1 else "week"
    flow = (line("Arrivals", "arrivals"), line("Departures", "departures"))
    yield Plot("flow", f"What came and what was done, per {per}", "Tickets", steps, flow)
    yield Plot("backlog", f"Open at the end of each {per}", "Tickets", steps,
               (line("Open", "backlog"),))  # fmt: skip
    restore = (line("Mean", "mttr", 3600), line("90 % within", "mttr_p90", 3600))
    yield Plot("restore", "Time to restore", "Hours", steps, restore)
    kept = (line("Kept", "promises_kept", 0.01),)
    yield Plot("promises", "Promises kept", "Per cent", steps, kept, 0, 100)
    happy = (
        line("Quotient", "happiness"),
        line("At least (95 %)", "happiness_low"),
        line("At most (95 %)", "happiness_high"),
    )
    yield Plot("happiness", "Happiness quotient", "-1 to 1", steps, happy, -1, 1)


def _headlines(found: Gathered) -> Iterator[str]:
    yield "<h2>In figures</h2>"
    rows = [
        (
            one.name,
            shown(found.now[one.figure], one.unit),
            shown(found.before[one.figure], one.unit),
            change(found.now[one.figure], found.before[one.figure], one),
        )
        for one in HEADLINES
    ]
    yield from _table(
        ("Figure", "This period", f"The {found.asked.days} days before", "Change"), rows
    )
    if found.asked.as_of.date() <= found.asked.last:
        yield '<p class="note">This period is not over yet; the one before it is whole.</p>'
    now = found.now
    if now["surveys"]:
        low, high = (shown(now[f"happiness_{end}"], "quotient") for end in ("low", "high"))
        yield (
            f'<p class="note">Happiness rests on {now["surveys"]:,.0f} answers; with 95 % certainty'
            f" it lies between {low} and {high}.</p>"
        )
    else:
        yield '<p class="note">Nobody answered a survey, so nothing is known of happiness.</p>'
    if amended := now["amended"]:
        yield f'<p class="note">{amended:,.0f} postings were amended since they were made.</p>'


def _teams(found: Gathered) -> Iterator[str]:
    if not found.teams:
        return
    yield "<h2>Teams</h2>"
    chosen = [_BY_FIGURE[name] for name in _TEAM]
    rows = [
        (team or "(no team yet)", *(shown(figures[one.figure], one.unit) for one in chosen))
        for team, figures in found.teams
    ]
    yield from _table(("Team", *(one.name for one in chosen)), rows)


def _worst(found: Gathered) -> Iterator[str]:
    if not found.worst:
        return
    yield "<h2>Services with the worst experience</h2>"
    rows = [
        (
            one.name,
            f"{one.score:.0f}",
            "not known" if one.technology is None else f"{one.technology:.0f}",
            "not known" if one.sentiment is None else f"{one.sentiment:.0f}",
            f"{one.answers:,}",
            f"{one.lost_minutes:,.0f}",
        )
        for one in found.worst
    ]
    yield from _table(
        ("Service", "Score, 0 to 100", "Technology", "Sentiment", "Answers", "Lost minutes"), rows
    )


def _figure(plot: Plot) -> str:
    rows = [
        (step, *(_number(line.values[place]) for line in plot.lines))
        for place, step in enumerate(plot.steps)
    ]
    table = "".join(_table(("From", *(line.name for line in plot.lines)), rows))
    return (
        f"<figure><figcaption>{escape(plot.title)} ({escape(plot.unit)})</figcaption>{svg_of(plot)}"
        f"<details><summary>The values as a table</summary>{table}</details></figure>"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "<table><thead><tr>"
    yield from (f'<th scope="col">{escape(one)}</th>' for one in head)
    yield "</tr></thead><tbody>"
    for first, *rest in rows:
        cells = "".join(f"<td>{escape(one)}</td>" for one in rest)
        yield f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    yield "</tbody></table>"


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:.4g}"


def shown(value: float | None, unit: Unit) -> str:
    """A figure as people read it; what is not known says so."""
    if value is None:
        return "not known"
    match unit:
        case "count" | "minutes":
            return f"{value:,.0f}"
        case "share":
            return f"{value:.0%}"
        case "hours":
            return f"{value / 3600:,.1f} h"
        case "quotient":
            return f"{value:+.2f}"


def change(now: float | None, before: float | None, of: Headline) -> str:
    """How it differs from before, and whether that is good, in words."""
    if now is None or before is None:
        return "not known"
    if shown(now, of.unit) == shown(before, of.unit):
        return "as before"
    if of.unit == "share":
        told = f"{(now - before) * 100:+.0f} points"
    elif of.unit == "quotient":
        told = f"{now - before:+.2f}"
    elif before:
        told = f"{(now - before) / before:+.0%}"
    else:
        told = f"{shown(now, of.unit)} more"
    is_better = (now > before) == (of.better == "more")
    return f"{told}, {'better' if is_better else 'worse'}" if of.better else told
