"""The page as HTML: one file, A4 when printed, no script, nothing loaded from anywhere.

The templates are part of this package, as code is. Whatever they show is escaped, and a character
that would act (a control, an escape, a change of direction) comes out as text.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from desk_contracts.messages import catalogue
from desk_contracts.text import plain_text
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from desk_metrics.measures.figures import Figures
from desk_metrics.reports.page.headline import describe_page
from desk_metrics.reports.page.model import PageFigures
from desk_metrics.reports.page.phrases import (
    NB,
    UNKNOWN,
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

_LATE = timedelta(hours=1)


def render_page(figures: PageFigures, made_at: datetime) -> str:
    """The whole page."""
    return _TEMPLATES.get_template("page.html").render(
        figures=figures,
        headline=describe_page(figures),
        plot=partial(_plot, figures),
        sizes=(WIDE, NARROW),
        made_at=made_at,
        is_late=made_at - figures.query.as_of >= _LATE,
    )


def render_plot(plot: Plot, size: Size = WIDE) -> str:
    """One picture by itself; without any value it says so."""
    module = _TEMPLATES.get_template("plot.svg").module
    return str(module.draw(Drawing(plot, size)))  # type: ignore[attr-defined]  # a macro


def _plot(
    figures: PageFigures,
    id: str,
    words: tuple[str, str],
    lines: Iterable[tuple[str, str]],
    band: tuple[str, tuple[str, str], tuple[str, str]] | None = None,
    **more: Any,
) -> Plot:
    """A plot of some figures by step; the template gives its title, its unit and their names."""
    scale = more.pop("scale", 1.0)

    def read(name: str, figure: str) -> Series:
        values = (step[figure] for _, step in figures.steps)
        return Series(name, tuple(None if value is None else value / scale for value in values))

    title, unit = words
    return Plot(
        id,
        title,
        unit,
        tuple(f"{start.day} {start:%b}" for start, _ in figures.steps),
        tuple(read(*line) for line in lines),
        strides=DAYS_APART if figures.query.step == 1 else WEEKS_APART,
        band=None if band is None else Band(band[0], read(*band[1]), read(*band[2])),
        **more,
    )


def _finalize(value: object) -> object:
    """Before it is escaped: text of others acts nowhere; markup is our own, from a macro."""
    return value if isinstance(value, Markup) else plain_text(value)


def _path(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _tick(value: float | None, suffix: str = "") -> str:
    return UNKNOWN if value is None else format_tick(value, suffix)


def _has_any(figures: Figures, names: Iterable[str]) -> bool:
    return any(figures[name] for name in names)


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
        "nb": NB,
        "drawing": Drawing,
        "format_days": format_days,
        "describe_change": describe_change,
    }
    templates.filters |= {
        "figure": format_figure,
        "has_any": _has_any,
        "moment": format_moment,
        # The page is in English.
        "sentence": catalogue("en").render,
        "sentences": catalogue("en").render_all,
        "px": "{:.1f}".format,
        "path": _path,
        "tick": _tick,
    }
    return templates


_TEMPLATES = _templates()
