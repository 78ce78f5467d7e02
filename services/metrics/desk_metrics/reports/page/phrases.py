"""Figures, changes and days as people read them on the page."""

import math
from datetime import date, datetime
from typing import Literal, NamedTuple

from desk_metrics.planning.quantities import day, month

Unit = Literal["count", "share", "duration", "minutes", "quotient"]
Better = Literal["more", "less", ""]
Judgement = Literal["better", "worse", ""]

UNKNOWN = "not known"
# From so many times as much on per cent are hard to read.
_MANY = 10
# Keeps a number and its unit on one line.
NB = "\N{NO-BREAK SPACE}"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# Below which value, in which unit, with how many digits: whichever is read most easily.
_SCALES = {
    "duration": (
        (_HOUR, _MINUTE, ".0f", "min"),
        (2 * _DAY, _HOUR, ".1f", "h"),
        (math.inf, _DAY, ",.1f", "days"),
    ),
    # Lost time comes in minutes; from a hundred hours on it has no fraction.
    "minutes": ((120, 1, ".0f", "min"), (6_000, 60, ".1f", "h"), (math.inf, 60, ",.0f", "h")),
}


class Change(NamedTuple):
    """How a figure differs from before, in words, and whether that is good."""

    text: str
    judgement: Judgement = ""


def format_figure(value: float | None, unit: Unit) -> str:
    """A figure as people read it; what is not known says so."""
    if value is None:
        return UNKNOWN
    match unit:
        case "count":
            text = f"{value:,.0f}"
        case "share":
            text = f"{value * 100:.0f}{NB}%"
        case "quotient":
            text = f"{value:+.2f}"
        case "duration" | "minutes":
            _, size, digits, name = next(scale for scale in _SCALES[unit] if abs(value) < scale[0])
            text = f"{value / size:{digits}}{NB}{name}"
    return _with_minus(text)


def describe_change(now: float | None, before: float | None, unit: Unit, better: Better) -> Change:
    """How it differs from before, and whether that is good."""
    if now is None or before is None:
        return Change(UNKNOWN)
    if format_figure(now, unit) == format_figure(before, unit):
        return Change("as before")
    if unit == "share":
        text = f"{(now - before) * 100:+.0f}{NB}points"
    elif unit == "quotient":
        text = f"{now - before:+.2f}"
    elif before and abs(now) >= _MANY * abs(before):
        text = f"{now / before:,.0f} times as much"
    elif before:
        text = f"{(now - before) / before * 100:+,.0f}{NB}%"
    else:
        text = f"{format_figure(now, unit)} more"
    if not better:
        return Change(_with_minus(text))
    judgement: Judgement = "better" if (now > before) == (better == "more") else "worse"
    return Change(f"{_with_minus(text)}, {judgement}", judgement)


def format_days(first: date, last: date) -> str:
    """`2 to 29 November 2026`, `27 October to 23 November 2026`, `23 November 2026`."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last)}"
    begins = day(first)
    if first.year == last.year:
        begins = begins.removesuffix(f" {first.year}")
    return f"{begins} to {day(last)}"


def format_moment(at: datetime) -> str:
    """`24 November 2026, 09:12 UTC`."""
    return f"{at.day} {month(at.date())}, {at:%H:%M} UTC"


def _with_minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
