"""Axes that people can read: round ticks, no fraction of a ticket, labels that do not touch."""

import math
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from desk_contracts.messages import Language, catalogue

# Pixels. No letter, digit or sign of a label is on average wider than 0.6 of the size.
FONT = 12
_LETTER = 0.6 * FONT
_UTC = ZoneInfo("UTC")
_TICKS = 4
_NICE, _NICE_WHOLE = (1, 2, 2.5, 5, 10), (1, 2, 5, 10)


def measure_width(text: str) -> float:
    """How wide a text is at most."""
    return len(text) * _LETTER


def choose_scale(
    values: Sequence[float],
    lowest: float | None = 0.0,
    highest: float | None = None,
    *,
    is_whole: bool = False,
) -> tuple[float, ...]:
    """Round values from below the lowest to above the highest; a given end is kept."""
    low = min(values) if lowest is None else lowest
    high = max(values) if highest is None else highest
    if highest is not None:
        return tuple(low + (high - low) * place / _TICKS for place in range(_TICKS + 1))
    if high == low:
        high = low + max(abs(low), 1.0)
    least = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(least))
    nice = _NICE_WHOLE if is_whole else _NICE
    step = next(power * factor for factor in nice if power * factor >= least * (1 - 1e-9))
    if is_whole:
        step = max(step, 1.0)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return tuple(place * step for place in range(first, last + 1))


def choose_stride(fewest: float, strides: Sequence[int]) -> int:
    """The first stride that leaves room for a label; beyond the last its smallest multiple."""
    beyond = strides[-1] * math.ceil(fewest / strides[-1])
    return next((stride for stride in strides if stride >= fewest), beyond)


def format_tick(value: float, suffix: str = "", language: Language = "en") -> str:
    """`12,500`, `0.25`, `75 %`; a minus is one."""
    return catalogue(language).formats(_UTC).write_rounded(value) + suffix
