"""Where everything of a line plot stands; the template `plot.svg` writes it down.

Each is drawn wide and narrow and the page shows one of them, for text that shrinks with its picture
cannot be read. Lines differ by dashes and markers as well as by colour, since paper and eyes do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from desk_contracts.messages import Language

from desk_metrics.reports.page.scales import (
    FONT,
    choose_scale,
    choose_stride,
    format_tick,
    measure_width,
)

_TOP, _RIGHT, _GAP = 10, 14, 8
# How many steps there are from a label to the next, as few as there is room for.
WEEKS_APART, DAYS_APART = (1, 2, 4, 8, 13, 26), (1, 2, 7, 14)


class Size(NamedTuple):
    """How large a plot is drawn; the page shows each where it fits."""

    name: str
    width: int
    height: int


WIDE, NARROW = Size("wide", 640, 164), Size("narrow", 330, 180)


@dataclass(frozen=True, slots=True)
class Series:
    """Named values by step; None is a gap, for what cannot be told is not zero."""

    name: str
    values: tuple[float | None, ...]

    @property
    def present(self) -> list[float]:
        """The values that there are."""
        return [value for value in self.values if value is not None]


class Band(NamedTuple):
    """How far a line may be off: between two others, named together."""

    name: str
    low: Series
    high: Series


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot over labelled steps. `lowest` and `highest` fix the scale where they are given.

    `suffix` stands behind each tick; `strides` are how many steps may lie between two labels.
    """

    id: str
    title: str
    unit: str
    steps: tuple[str, ...]
    lines: tuple[Series, ...]
    lowest: float | None = 0.0
    highest: float | None = None
    suffix: str = ""
    is_whole: bool = False
    strides: tuple[int, ...] = WEEKS_APART
    band: Band | None = None
    language: Language = "en"

    @property
    def series(self) -> tuple[Series, ...]:
        """All that has values: the lines, and the bounds of the band."""
        return self.lines if self.band is None else (*self.lines, self.band.low, self.band.high)

    def is_known(self, place: int) -> bool:
        """Whether anything has a value there."""
        return any(line.values[place] is not None for line in self.series)

    @property
    def present(self) -> list[float]:
        """Every value that there is; of none no scale can be made."""
        return [value for line in self.series for value in line.present]


class Point(NamedTuple):
    """Pixels from the left and from the top."""

    x: float
    y: float


class Tick(NamedTuple):
    """A horizontal line and what it stands for."""

    value: float
    text: str
    y: float


class Label(NamedTuple):
    """The name of a step: where its text stands in the middle, and where its foot is."""

    text: str
    x: float
    foot: float


class Curve(NamedTuple):
    """A line between two gaps; its number chooses colour, dashes and marker."""

    number: int
    points: tuple[Point, ...]


class Key(NamedTuple):
    """Where a line is named; the band has no number and no line."""

    number: int | None
    name: str
    at: Point


class Drawing:
    """One plot at one size. Without any value it has nothing but a height."""

    def __init__(self, plot: Plot, size: Size = WIDE) -> None:
        self.plot, self.size, self.font = plot, size, FONT
        self.right = size.width - _RIGHT
        self.bottom = size.height - FONT - _GAP
        self.left, self.ticks = 0.0, list[Tick]()
        self.keys, self.height = list[Key](), 2.0 * FONT
        if plot.present:
            scale = choose_scale(plot.present, plot.lowest, plot.highest, is_whole=plot.is_whole)
            texts = [format_tick(value, plot.suffix, plot.language) for value in scale]
            self._low, self._high = scale[0], scale[-1]
            self.left = max(map(measure_width, texts)) + _GAP
            self.ticks = [
                Tick(value, text, self._y(value)) for value, text in zip(scale, texts, strict=True)
            ]
            self.keys = list(self._place_keys())
            self.height = max((key.at.y + FONT / 2 for key in self.keys), default=size.height)

    @property
    def labels(self) -> Iterator[Label]:
        """As many names of steps as there is room for."""
        steps = self.plot.steps
        widest = max(map(measure_width, steps)) + _GAP
        stride = choose_stride(widest / self._step, self.plot.strides)
        for place in range(0, len(steps), stride):
            half, foot = measure_width(steps[place]) / 2, self._x(place)
            yield Label(steps[place], min(max(foot, half), self.size.width - half), foot)

    @property
    def areas(self) -> Iterator[tuple[Point, ...]]:
        """The outlines of the band, one for each stretch without a gap."""
        if (band := self.plot.band) is not None:
            runs = zip(self._runs(band.low), self._runs(band.high), strict=True)
            yield from ((*low, *reversed(high)) for low, high in runs)

    @property
    def curves(self) -> Iterator[Curve]:
        """Every line, in one piece for each stretch without a gap."""
        for number, line in enumerate(self.plot.lines):
            yield from (Curve(number, tuple(run)) for run in self._runs(line))

    def _place_keys(self) -> Iterator[Key]:
        """Names side by side, as many as fit into a row; a single line needs none."""
        names: list[tuple[int | None, str]] = [
            (number, line.name) for number, line in enumerate(self.plot.lines)
        ]
        if self.plot.band is not None:
            names.append((None, self.plot.band.name))
        if len(names) < 2:
            return
        x, y = self.left, self.size.height + FONT * 1.5
        for number, name in names:
            width = 32 + measure_width(name)
            if x > self.left and x + width > self.size.width:
                x, y = self.left, y + FONT * 1.5
            yield Key(number, name, Point(x, y))
            x += width + 2 * _GAP

    def _runs(self, line: Series) -> Iterator[Sequence[Point]]:
        run: list[Point] = []
        for place, value in enumerate(line.values):
            if value is not None:
                run.append(Point(self._x(place), self._y(value)))
            elif run:
                yield run
                run = []
        if run:
            yield run

    @property
    def _step(self) -> float:
        return (self.right - self.left) / len(self.plot.steps)

    def _x(self, place: int) -> float:
        return self.left + (place + 0.5) * self._step

    def _y(self, value: float) -> float:
        return self.bottom - (self.bottom - _TOP) * (value - self._low) / (self._high - self._low)
