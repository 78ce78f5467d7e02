"""Small line plots as SVG, drawn by hand: nothing to load, nothing to run, readable aloud.

Each is drawn wide and narrow and the page shows one of them, for text that shrinks with its picture
cannot be read. Lines differ by dashes and markers as well as by colour, since paper and eyes do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from desk_shared.text import html_text

from desk_metrics.page.scales import FONT, scale_of, stride_of, tick, width_of

_TOP, _RIGHT, _GAP = 10, 14, 8
_DASHES = ("", "7 4", "2 4")
# How many steps there are from a label to the next, as few as there is room for.
WEEKS_APART, DAYS_APART = (1, 2, 4, 8, 13, 26), (1, 2, 7, 14)


class Size(NamedTuple):
    """How large a plot is drawn; the page shows each where it fits."""

    name: str
    width: int
    height: int


WIDE, NARROW = Size("wide", 640, 164), Size("narrow", 330, 180)


@dataclass(frozen=True, slots=True)
class Line:
    """A named series; None is a gap, for what cannot be told is not zero."""

    name: str
    values: tuple[float | None, ...]


class Band(NamedTuple):
    """How far a line may be off: between two others, named together."""

    name: str
    low: Line
    high: Line


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot over labelled steps. `lowest` and `highest` fix the scale where they are given.

    `suffix` stands behind each tick; `strides` are how many steps may lie between two labels.
    """

    id: str
    title: str
    unit: str
    steps: tuple[str, ...]
    lines: tuple[Line, ...]
    lowest: float | None = 0.0
    highest: float | None = None
    suffix: str = ""
    is_whole: bool = False
    strides: tuple[int, ...] = WEEKS_APART
    band: Band | None = None

    @property
    def series(self) -> tuple[Line, ...]:
        """All that has values: the lines, and the bounds of the band."""
        return self.lines if self.band is None else (*self.lines, self.band.low, self.band.high)

    @property
    def known(self) -> list[float]:
        return [value for line in self.series for value in line.values if value is not None]

    @property
    def scale(self) -> tuple[float, ...]:
        """The values of the horizontal lines, lowest first."""
        return scale_of(self.known, self.lowest, self.highest, is_whole=self.is_whole)

    @property
    def description(self) -> str:
        """What somebody hears who does not see it."""
        told = []
        for line in self.series:
            known = [value for value in line.values if value is not None]
            if known:
                least, most, last = map(tick, (min(known), max(known), known[-1]))
                told.append(f"{line.name}: from {least} to {most}, last {last}")
            else:
                told.append(f"{line.name}: nothing known")
        first, last = self.steps[0], self.steps[-1]
        return f"{self.unit}, {first} to {last}. {'; '.join(told)}. The table has all values."


def svg_of(plot: Plot, size: Size = WIDE) -> str:
    """The whole picture; without any value it says so."""
    return "\n".join(_Drawing(plot, size).parts() if plot.known else _nothing(plot, size))


def _nothing(plot: Plot, size: Size) -> Iterator[str]:
    yield from _frame(plot, size, 2 * FONT)
    yield f'<text x="0" y="{FONT * 1.4:.0f}">Nothing known.</text></svg>'


def _frame(plot: Plot, size: Size, height: float) -> Iterator[str]:
    id = html_text(f"{plot.id}-{size.name}")
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{size.name}" role="img"'
        f' viewBox="0 0 {size.width} {height:g}" aria-labelledby="{id}-title {id}-desc">'
    )
    yield f'<title id="{id}-title">{html_text(plot.title)}</title>'
    yield f'<desc id="{id}-desc">{html_text(plot.description)}</desc>'


class _Key(NamedTuple):
    """Where a line is named, and how."""

    number: int | None
    x: float
    y: float
    name: str

    @property
    def sign(self) -> str:
        """The line in small; the band has no number and no line."""
        if self.number is None:
            return f'<path class="band" d="M{self.x + 3:.1f} {self.y - 8:.1f}h20v8h-20z"/>'
        line = _path(((self.x, self.y - 4), (self.x + 26, self.y - 4)), self.number)
        return line + _marker(self.x + 13, self.y - 4, self.number)


class _Drawing:
    """One plot at one size: where everything is."""

    def __init__(self, plot: Plot, size: Size) -> None:
        self._plot, self._size = plot, size
        self._ticks = [(value, tick(value, plot.suffix)) for value in plot.scale]
        self._left = max(width_of(text) for _, text in self._ticks) + _GAP
        self._bottom = size.height - FONT - _GAP
        self._keys = list(self._place_keys())

    def parts(self) -> Iterator[str]:
        height = max((key.y + FONT / 2 for key in self._keys), default=self._size.height)
        yield from _frame(self._plot, self._size, height)
        yield from self._grid()
        yield from self._labels()
        yield from self._band()
        for number, line in enumerate(self._plot.lines):
            for run in self._runs(line.values):
                yield _path(run, number)
                yield from (_marker(x, y, number) for x, y in run)
        for key in self._keys:
            yield key.sign
            yield f'<text x="{key.x + 32:.1f}" y="{key.y:.1f}">{html_text(key.name)}</text>'
        yield "</svg>"

    def _place_keys(self) -> Iterator[_Key]:
        """Names side by side, as many as fit into a row; a single line needs none."""
        names: list[tuple[int | None, str]] = [
            (number, line.name) for number, line in enumerate(self._plot.lines)
        ]
        if self._plot.band is not None:
            names.append((None, self._plot.band.name))
        if len(names) < 2:
            return
        x, y = self._left, self._size.height + FONT * 1.5
        for number, name in names:
            width = 32 + width_of(name)
            if x > self._left and x + width > self._size.width:
                x, y = self._left, y + FONT * 1.5
            yield _Key(number, x, y, name)
            x += width + 2 * _GAP

    def _grid(self) -> Iterator[str]:
        right = self._size.width - _RIGHT
        for value, text in self._ticks:
            y = self._y(value)
            kind = ' class="zero"' if value == 0 else ""
            yield f'<line{kind} x1="{self._left:.1f}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield (
                f'<text x="{self._left - _GAP:.1f}" y="{y + 4:.1f}" text-anchor="end">'
                f"{html_text(text)}</text>"
            )

    def _labels(self) -> Iterator[str]:
        steps = self._plot.steps
        longest = max(map(width_of, steps))
        every = stride_of((longest + _GAP) / self._step, self._plot.strides)
        for place in range(0, len(steps), every):
            text, half = html_text(steps[place]), width_of(steps[place]) / 2
            x = min(max(self._x(place), half), self._size.width - half)
            y = self._bottom + FONT + _GAP / 2
            at, foot = self._x(place), self._bottom
            yield f'<path class="foot" d="M{at:.1f} {foot:.1f}v4"/>'
            yield f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{text}</text>'

    def _band(self) -> Iterator[str]:
        if self._plot.band is None:
            return
        lows, highs = (
            self._runs(self._plot.band.low.values),
            self._runs(self._plot.band.high.values),
        )
        for low, high in zip(lows, highs, strict=True):
            told = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*low, *reversed(high)))
            yield f'<polygon class="band" points="{told}"/>'

    def _runs(self, values: Sequence[float | None]) -> Iterator[Sequence[tuple[float, float]]]:
        run: list[tuple[float, float]] = []
        for place, value in enumerate(values):
            if value is not None:
                run.append((self._x(place), self._y(value)))
            elif run:
                yield run
                run = []
        if run:
            yield run

    @property
    def _step(self) -> float:
        return (self._size.width - self._left - _RIGHT) / len(self._plot.steps)

    def _x(self, place: int) -> float:
        return self._left + (place + 0.5) * self._step

    def _y(self, value: float) -> float:
        low, high = self._ticks[0][0], self._ticks[-1][0]
        return self._bottom - (self._bottom - _TOP) * (value - low) / (high - low)


def _path(points: Sequence[tuple[float, float]], number: int) -> str:
    dash = _DASHES[number % len(_DASHES)]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="line-{number % len(_DASHES)}" points="{told}"{dashes}/>'


def _marker(x: float, y: float, number: int) -> str:
    """A disc, a square, a triangle."""
    kind = number % len(_DASHES)
    if kind == 0:
        return f'<circle class="mark-0" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'
    if kind == 1:
        return f'<path class="mark-1" d="M{x - 2.5:.1f} {y - 2.5:.1f}h5v5h-5z"/>'
    return f'<path class="mark-2" d="M{x:.1f} {y - 3:.1f}l3 5.5h-6z"/>'
