"""The page as HTML: one file, A4 when printed, no script, nothing loaded from anywhere.

The templates are part of this package, as code is. Whatever they show is escaped, and a character
that would act (a control, an escape, a change of direction) comes out as text. What the page says
itself are messages, so it has each language of the catalogue.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from desk_contracts.message import Message, message
from desk_contracts.messages import Language
from desk_contracts.text import plain_text
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from desk_metrics.measures.figures import Figures
from desk_metrics.reports.page.headline import describe_page
from desk_metrics.reports.page.model import PageFigures
from desk_metrics.reports.page.phrases import NB, Words
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

_LATE = timedelta(hours=1)


def render_page(figures: PageFigures, made_at: datetime, language: Language = "en") -> str:
    """The whole page."""
    templates = _templates(language)
    return templates.get_template("page.html").render(
        figures=figures,
        headline=describe_page(figures),
        plot=partial(_plot, figures, Words(language)),
        sizes=(WIDE, NARROW),
        made_at=made_at,
        is_late=made_at - figures.query.as_of >= _LATE,
    )


def render_plot(plot: Plot, size: Size = WIDE) -> str:
    """One picture by itself; without any value it says so."""
    module = _templates(plot.language).get_template("plot.svg").module
    return str(module.draw(Drawing(plot, size)))  # type: ignore[attr-defined]  # a macro


def _plot(
    figures: PageFigures,
    words: Words,
    id: str,
    texts: tuple[Message, Message],
    lines: Iterable[tuple[Message, str]],
    band: tuple[Message, tuple[Message, str], tuple[Message, str]] | None = None,
    **more: Any,
) -> Plot:
    """A plot of some figures by step; the template gives its title, its unit and their names."""
    scale = more.pop("scale", 1.0)

    def read(name: Message, figure: str) -> Series:
        values = (step[figure] for _, step in figures.steps)
        scaled = tuple(None if value is None else value / scale for value in values)
        return Series(words.say(name), scaled)

    title, unit = map(words.say, texts)
    return Plot(
        id,
        title,
        unit,
        tuple(words.step(start.date()) for start, _ in figures.steps),
        tuple(read(*line) for line in lines),
        strides=DAYS_APART if figures.query.step == 1 else WEEKS_APART,
        band=None if band is None else Band(words.say(band[0]), read(*band[1]), read(*band[2])),
        language=words.language,
        **more,
    )


def _describe(words: Words, plot: Plot) -> str:
    """A picture in words, for whoever does not see it."""
    lines = []
    for line in plot.series:
        sentence = message("page.line-unknown", line=line.name)
        if present := line.present:
            least, most, newest = map(words.tick, (min(present), max(present), present[-1]))
            sentence = message(
                "page.line-in-words", line=line.name, least=least, most=most, newest=newest
            )
        lines.append(words.say(sentence))
    first, last, text = plot.steps[0], plot.steps[-1], f"{'; '.join(lines)}."
    whole = message("page.plot-in-words", unit=plot.unit, first=first, last=last, lines=text)
    return words.say(whole)


def _finalize(words: Words, value: object) -> object:
    """Before it is escaped: text of others acts nowhere; markup is our own, from a macro."""
    if isinstance(value, Markup):
        return value
    return plain_text(words.say(value) if isinstance(value, Message) else value)


def _path(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _has_any(figures: Figures, names: Iterable[str]) -> bool:
    return any(figures[name] for name in names)


@cache
def _templates(language: Language) -> Environment:
    words = Words(language)
    templates = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        finalize=partial(_finalize, words),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.globals |= {
        "language": language,
        "message": message,
        "unknown": words.unknown,
        "nb": NB,
        "drawing": Drawing,
        "days": words.days,
        "describe_change": words.describe_change,
    }
    templates.filters |= {
        "figure": words.figure,
        "has_any": _has_any,
        "say_all": words.say_all,
        "name": words.name,
        "tick": words.tick,
        "describe": partial(_describe, words),
        "px": "{:.1f}".format,
        "path": _path,
    }
    return templates
