"""Figures, changes and days as people read them on the page."""

from datetime import date, datetime
from typing import Literal, NamedTuple

from desk_metrics.domain.telling_figures import day, month

Unit = Literal["count", "share", "duration", "minutes", "quotient"]
Better = Literal["more", "less", ""]
Judged = Literal["better", "worse", ""]

UNKNOWN = "not known"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# From so many times as much on per cent are hard to read.
_MANY = 10
# Keeps a number and its unit on one line.
NB = "\N{NO-BREAK SPACE}"


class Headline(NamedTuple):
    """One figure of the first table."""

    name: str
    figure: str
    unit: Unit
    better: Better


class Change(NamedTuple):
    """How a figure differs from before, in words, and whether that is good."""

    told: str
    judged: Judged = ""


def shown(value: float | None, unit: Unit) -> str:
    """A figure as people read it; what is not known says so."""
    if value is None:
        return UNKNOWN
    match unit:
        case "count":
            text = f"{value:,.0f}"
        case "minutes":
            text = _lost(value)
        case "share":
            text = f"{value * 100:.0f}{NB}%"
        case "duration":
            text = _duration(value)
        case "quotient":
            text = f"{value:+.2f}"
    return _minus(text)


def change(now: float | None, before: float | None, of: Headline) -> Change:
    """How it differs from before, and whether that is good."""
    if now is None or before is None:
        return Change(UNKNOWN)
    if shown(now, of.unit) == shown(before, of.unit):
        return Change("as before")
    if of.unit == "share":
        told = f"{(now - before) * 100:+.0f}{NB}points"
    elif of.unit == "quotient":
        told = f"{now - before:+.2f}"
    elif before and abs(now) >= _MANY * abs(before):
        told = f"{now / before:,.0f} times as much"
    elif before:
        told = f"{(now - before) / before * 100:+,.0f}{NB}%"
    else:
        told = f"{shown(now, of.unit)} more"
    if not of.better:
        return Change(_minus(told))
    judged: Judged = "better" if (now > before) == (of.better == "more") else "worse"
    return Change(f"{_minus(told)}, {judged}", judged)


def days(first: date, last: date) -> str:
    """`2 to 29 November 2026`, `27 October to 23 November 2026`, `23 November 2026`."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last)}"
    begins = day(first)
    if first.year == last.year:
        begins = begins.removesuffix(f" {first.year}")
    return f"{begins} to {day(last)}"


def moment(at: datetime) -> str:
    """`24 November 2026, 09:12 UTC`."""
    return f"{at.day} {month(at.date())}, {at:%H:%M} UTC"


def _duration(seconds: float) -> str:
    """Minutes, hours or days, whichever is read most easily."""
    if abs(seconds) < _HOUR:
        return f"{seconds / _MINUTE:.0f}{NB}min"
    if abs(seconds) < 2 * _DAY:
        return f"{seconds / _HOUR:.1f}{NB}h"
    return f"{seconds / _DAY:,.1f}{NB}days"


def _lost(minutes: float) -> str:
    """Hours from two on; from a hundred on without a fraction."""
    hours = minutes / 60
    if hours < 2:
        return f"{minutes:.0f}{NB}min"
    return f"{hours:,.0f}{NB}h" if hours >= 100 else f"{hours:.1f}{NB}h"


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
