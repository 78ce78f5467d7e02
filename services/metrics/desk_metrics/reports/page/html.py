"""The page as HTML: one file, A4 when printed, no script, nothing loaded from anywhere.

The templates are part of this package, as code is. Whatever they show is escaped, and a character
that would act (a control, an escape, a change of direction) comes out as text.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from desk_shared.messages import catalogue
from desk_shared.text import plain_text
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from desk_metrics.reports.page.model import PageFigures
from desk_metrics.reports.page.phrases import (
    NB,
    UNKNOWN,
    Headline,
    describe_change,
    format_days,
    format_figure,
    format_moment,
)
from desk_metrics.reports.page.plots import (
    DAYS_APART,
    NARROW,
    WEEKS_APART,
    WIDE,
    Band,
    Drawing,
    Plot,
    Series,
    Size,
)
from desk_metrics.reports.page.scales import format_tick

_ENDS = f"\N{MINUS SIGN}1{NB}to{NB}1"
HEADLINES = (
    Headline("Tickets that people opened", "contacts", "count", "less"),
    Headline("Of them, again within a week", "came_again", "count", "less"),
    Headline("Tickets the desk opened first", "proactive", "count", ""),
    Headline("Resolved", "resolved", "count", ""),
    Headline("Open at the end", "backlog", "count", "less"),
    Headline("Mean time to acknowledge", "mtta", "duration", "less"),
    Headline("Mean time to restore", "mttr", "duration", "less"),
    Headline("Time to restore, 90 % within", "mttr_p90", "duration", "less"),
    Headline("Resolved at first contact", "first_contact_resolution", "share", "more"),
    Headline("Reopened", "reopen_rate", "share", "less"),
    Headline("SLAs met", "sla_met", "share", "more"),
    Headline("Solved without anybody", "self_service_share", "share", "more"),
    Headline("Repairs that lasted", "auto_healed", "count", "more"),
    Headline("Lost time, at most", "lost_minutes", "minutes", "less"),
    Headline(f"Happiness quotient ({_ENDS})", "happiness", "quotient", "more"),
)
_OF_TEAMS = ("contacts", "resolved", "backlog", "mttr", "sla_met", "happiness")
_LATE = timedelta(hours=1)


def render_page(figures: PageFigures, made_at: datetime) -> str:
    """The whole page."""
    by_figure = {headline.figure: headline for headline in HEADLINES}
    team_headlines = [by_figure[name] for name in _OF_TEAMS]
    teams = [
        (team, found)
        for team, found in figures.teams
        if team or any(found[name] for name in _OF_TEAMS)
    ]
    return _TEMPLATES.get_template("page.html").render(
        figures=figures,
        headlines=HEADLINES,
        team_headlines=team_headlines,
        teams=teams,
        drawings=[[Drawing(plot, size) for size in (WIDE, NARROW)] for plot in list_plots(figures)],
        made_at=made_at,
        is_late=made_at - figures.query.as_of >= _LATE,
    )


def render_plot(plot: Plot, size: Size = WIDE) -> str:
    """One picture by itself; without any value it says so."""
    module = _TEMPLATES.get_template("plot.svg").module
    return str(module.draw(Drawing(plot, size)))  # type: ignore[attr-defined]  # a macro


def list_plots(figures: PageFigures) -> Iterator[Plot]:
    """What the page draws."""
    steps = tuple(f"{start.day} {start:%b}" for start, _ in figures.steps)
    is_daily = figures.query.step == 1
    apart = DAYS_APART if is_daily else WEEKS_APART
    per = "day" if is_daily else "week"

    def line(name: str, figure: str, unit: float = 1.0) -> Series:
        values = (found[figure] for _, found in figures.steps)
        return Series(name, tuple(None if value is None else value / unit for value in values))

    flow = (line("Arrivals", "arrivals"), line("Departures", "departures"))
    yield Plot("flow", f"What came and what was done, per {per}", "tickets", steps, flow,
               is_whole=True, strides=apart)  # fmt: skip
    left = (line("Open", "backlog"),)
    yield Plot("backlog", f"Open at the end of each {per}", "tickets", steps, left,
               is_whole=True, strides=apart)  # fmt: skip
    restore = (line("Mean", "mttr", 3600), line("90 % within", "mttr_p90", 3600))
    yield Plot(
        "restore", "Time to restore", "hours", steps, restore, suffix=f"{NB}h", strides=apart
    )
    kept = (line("Kept", "sla_met", 0.01),)
    yield Plot("slas", "SLAs met", "share of those judged", steps, kept, 0, 100,
               suffix=f"{NB}%", strides=apart)  # fmt: skip
    doubt = Band(
        "where it lies with 95 % certainty",
        line("At least", "happiness_low"),
        line("At most", "happiness_high"),
    )
    happy = (line("Quotient", "happiness"),)
    yield Plot("happiness", "Happiness quotient", _ENDS, steps, happy, -1, 1,
               strides=apart, band=doubt)  # fmt: skip


def _finalize(value: object) -> object:
    """Before it is escaped: text of others acts nowhere; markup is our own, from a macro."""
    return value if isinstance(value, Markup) else plain_text(value)


def _path(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _tick(value: float | None, suffix: str = "") -> str:
    return UNKNOWN if value is None else format_tick(value, suffix)


def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.globals |= {
        "unknown": UNKNOWN,
        "format_days": format_days,
        "describe_change": describe_change,
    }
    templates.filters |= {
        "figure": format_figure,
        "moment": format_moment,
        # The page is in English.
        "sentence": catalogue("en").render,
        "px": "{:.1f}".format,
        "path": _path,
        "tick": _tick,
    }
    return templates


_TEMPLATES = _templates()
