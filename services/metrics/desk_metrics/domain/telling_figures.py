"""Figures in words: an amount in its unit, a day, a month."""

from datetime import date

from desk_metrics.domain.aims import Unit

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_SCALES = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))


def amount(value: float, unit: Unit) -> str:
    """`12,300 a week`, `48 %`, `3.5 hours`."""
    if unit is Unit.SHARE:
        return f"{number(value * 100)} %"
    if unit is Unit.PER_WEEK:
        return f"{number(value)} a week"
    return length(value) if unit is Unit.SECONDS else number(value)


def length(seconds: float) -> str:
    """A duration in the largest unit of which there are at least two."""
    for size, name in _SCALES:
        if seconds >= 2 * size:
            return f"{number(seconds / size)} {name}"
    return f"{number(seconds)} seconds"


def number(value: float) -> str:
    """Three digits say enough: `12,300`, `48.2`, `0.52`."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.3g}")
    if abs(rounded) >= 100 or rounded.is_integer():
        return f"{rounded:,.0f}"
    return f"{rounded:g}"


def day(on: date) -> str:
    """`27 December 2026`."""
    return f"{on.day} {month(on)}"


def month(on: date) -> str:
    """`March 2028`."""
    return f"{_MONTHS[on.month - 1]} {on.year}"
