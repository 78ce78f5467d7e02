"""Figures in words: an amount in its unit."""

from desk_contracts.message import Message, message

from desk_metrics.measures.units import Unit

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
_SCALES = ((_DAY, "days"), (_HOUR, "hours"), (_MINUTE, "minutes"))


def amount_of(value: float, unit: Unit) -> Message | float:
    """The value in its unit, to three digits: more of them say nothing."""
    if unit is Unit.SHARE:
        return message("amount.percent", value=_round(value * 100))
    if unit is Unit.PER_WEEK:
        return message("amount.per-week", value=_round(value))
    return _round(value) if unit is not Unit.SECONDS else _length_of(value)


def _length_of(value: float) -> Message:
    """A duration in the largest unit of which there are at least two."""
    if value >= 2 * _DAY:
        return message("amount.days", value=_round(value / _DAY))
    if value >= 2 * _HOUR:
        return message("amount.hours", value=_round(value / _HOUR))
    if value >= 2 * _MINUTE:
        return message("amount.minutes", value=_round(value / _MINUTE))
    return message("amount.seconds", value=_round(value))


def _round(value: float) -> float:
    rounded = float(f"{value:.3g}")
    return int(rounded) if rounded.is_integer() else rounded


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
