"""Small line plots as SVG, drawn by hand: nothing to load, nothing to run, readable aloud.

Lines differ by dashes and markers as well as by colour, since paper and eyes differ.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 14, 44
# Each has a contrast of at least 4.5 on white.
_STYLES = (("#0b5394", ""), ("#a14a00", "7 4"), ("#38761d", "2 4"))
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A named series; None is a gap, for what cannot be told is not zero."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot over labelled steps. `lowest` and `highest` fix the scale where they are given."""

    id: str
    title: str
    unit: str
    steps: tuple[str, ...]
    lines: tuple[Line, ...]
    lowest: float | None = 0.0
    highest: float | None = None

    @property
    def known(self) -> list[float]:
        return [value for line in self.lines for value in line.values if value is not None]

    @property
    def description(self) -> str:
        """What somebody hears who does not see it."""
        told = []
        for line in self.lines:
            known = [value for value in line.values if value is not None]
            told.append(
                f"{line.name}: from {min(known):.4g} to {max(known):.4g}, last {known[-1]:.4g}"
                if known
                else f"{line.name}: nothing known"
            )
        first, last = self.steps[0], self.steps[-1]
        return f"{self.unit}, {first} to {last}. {'; '.join(told)}. The table has all values."


def svg_of(plot: Plot) -> str:
    """The whole picture; without any value it says so."""
    parts = [*_frame(plot), *(_picture(plot) if plot.known else _nothing()), "</svg>"]
    return "\n".join(parts)


def scale_of(plot: Plot) -> tuple[float, float]:
    """From where to where the vertical axis goes, with round ends."""
    low = min(plot.known) if plot.lowest is None else plot.lowest
    high = max(plot.known) if plot.highest is None else plot.highest
    step = _round_up((high - low) / _TICKS or max(abs(high), 1.0) / _TICKS)
    low = math.floor(low / step + 1e-9) * step
    return low, low + step * _TICKS if plot.highest is None else high


def _round_up(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= step * (1 - 1e-9))


def _frame(plot: Plot) -> Iterator[str]:
    id = escape(plot.id, quote=True)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-labelledby="{id}-title {id}-desc">'
    )
    yield f'<title id="{id}-title">{escape(plot.title)}</title>'
    yield f'<desc id="{id}-desc">{escape(plot.description)}</desc>'


def _nothing() -> Iterator[str]:
    yield f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">Nothing known.</text>'


def _picture(plot: Plot) -> Iterator[str]:
    low, high = scale_of(plot)
    yield from _grid(low, high)
    yield from _labels(plot)
    for number, line in enumerate(plot.lines):
        colour, dash = _STYLES[number % len(_STYLES)]
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        for run in _runs(plot, line, low, high):
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            yield (
                f'<polyline points="{points}" fill="none" stroke="{colour}"'
                f' stroke-width="2"{dashes}/>'
            )
            yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>'
                        for x, y in run)  # fmt: skip
        x, y = _LEFT + number * 190, HEIGHT - 8
        yield (
            f'<line x1="{x}" x2="{x + 26}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}"'
            f' stroke-width="2"{dashes}/>'
        )
        yield f'<text x="{x + 32}" y="{y}">{escape(line.name)}</text>'


def _grid(low: float, high: float) -> Iterator[str]:
    for tick in range(_TICKS + 1):
        value = low + (high - low) * tick / _TICKS
        y = _y(value, low, high)
        yield (
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        )
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>'


def _labels(plot: Plot) -> Iterator[str]:
    every = max(1, math.ceil(len(plot.steps) / 8))
    for place in range(0, len(plot.steps), every):
        x = _x(place, len(plot.steps))
        y = HEIGHT - _BOTTOM + 16
        yield (f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{escape(plot.steps[place])}</text>')


def _runs(
    plot: Plot, line: Line, low: float, high: float
) -> Iterator[Sequence[tuple[float, float]]]:
    run: list[tuple[float, float]] = []
    for place, value in enumerate(line.values):
        if value is not None:
            run.append((_x(place, len(plot.steps)), _y(value, low, high)))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _x(place: int, count: int) -> float:
    width = WIDTH - _LEFT - _RIGHT
    return _LEFT + (place + 0.5) * width / count


def _y(value: float, low: float, high: float) -> float:
    height = HEIGHT - _TOP - _BOTTOM
    return _TOP + height * (1 - (value - low) / ((high - low) or 1))
