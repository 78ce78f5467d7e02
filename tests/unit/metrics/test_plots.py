"""Plots: gaps are gaps, scales are round, no text touches another or leaves the picture."""

from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from desk_metrics.reports.page.html import render_plot
from desk_metrics.reports.page.plots import NARROW, WIDE, Band, Drawing, Plot, Series, Size
from desk_metrics.reports.page.scales import FONT, choose_scale, format_tick, measure_width

SVG = "{http://www.w3.org/2000/svg}"


def test_a_gap_is_a_gap_and_not_a_zero() -> None:
    plot = Plot("p", "P", "u", ("a", "b", "c", "d"), (Series("l", (1.0, None, 2.0, 3.0)),))
    svg = ElementTree.fromstring(render_plot(plot))  # noqa: S314 (our own)
    lines = [len((line.get("points") or "").split()) for line in svg.iter(f"{SVG}polyline")]
    assert lines == [1, 2]
    assert len(list(svg.iter(f"{SVG}circle"))) == 3


@pytest.mark.parametrize(
    ("values", "scale"),
    [((0.0,), (0, 1)), ((3.0, 7.0), (0, 8)), ((97.0,), (0, 100)), ((2.6,), (0, 3))],
)
def test_scales_have_round_ends(values: tuple[float, ...], scale: tuple[float, float]) -> None:
    ticks = choose_scale(values)
    assert (ticks[0], ticks[-1]) == scale
    assert 3 <= len(ticks) <= 6


@pytest.mark.parametrize("most", [0.0, 1.0, 2.0, 3.0, 9.0, 10.0, 41.0, 12_345.0])
def test_there_is_no_half_ticket(most: float) -> None:
    ticks = choose_scale((most,), is_whole=True)
    assert all(tick == int(tick) for tick in ticks)
    assert ticks[-1] >= most
    assert [format_tick(tick) for tick in ticks] == [f"{tick:,.0f}" for tick in ticks]


def test_a_plot_of_nothing_says_so() -> None:
    assert "Nothing known." in render_plot(Plot("p", "P", "u", ("a",), (Series("l", (None,)),)))


class Box(NamedTuple):
    """Where a text stands at most, in pixels."""

    left: float
    right: float
    top: float
    bottom: float
    text: str

    def meets(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def boxes(svg: ElementTree.Element) -> list[Box]:
    placed = []
    for text in svg.iter(f"{SVG}text"):
        x, y, width = (
            float(text.get("x", "")),
            float(text.get("y", "")),
            measure_width(text.text or ""),
        )
        left = x - {"end": width, "middle": width / 2}.get(text.get("text-anchor", ""), 0)
        placed.append(Box(left, left + width, y - FONT * 0.8, y + FONT * 0.2, text.text or ""))
    return placed


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("count", [1, 2, 7, 28, 35, 53])
@pytest.mark.parametrize("most", [0.004, 3.0, 250_000.0])
def test_no_text_of_a_plot_touches_another_or_leaves_the_picture(
    size: Size, count: int, most: float
) -> None:
    first = date(2026, 9, 20)
    steps = tuple(f"{(first + timedelta(day)).day} Sep" for day in range(count))
    values = tuple(most for _ in steps)
    names = ("At least so much", "Departures", "Arrivals", "with 95 % certainty")
    lines = tuple(Series(name, values) for name in names[:3])
    band = Band(names[3], lines[0], lines[1])
    plot = Plot("p", "P", "u", steps, lines, band=band)
    svg = ElementTree.fromstring(render_plot(plot, size))  # noqa: S314 (our own)
    _, _, width, height = map(float, (svg.get("viewBox") or "").split())
    placed = boxes(svg)
    assert len(placed) >= len(lines) + 4
    assert set(names) <= {box.text for box in placed}
    for place, box in enumerate(placed):
        assert box.left >= 0, box
        assert box.right <= width, box
        assert box.top >= 0, box
        assert box.bottom <= height, box
        assert not [other for other in placed[place + 1 :] if box.meets(other)], box


def test_a_step_is_known_where_any_line_has_a_value() -> None:
    lines = (Series("l", (1.0, 1.0, None, None)), Series("m", (2.0, None, 0.0, None)))
    plot = Plot("p", "P", "u", ("a", "b", "c", "d"), lines)
    assert list(map(plot.is_known, range(4))) == [True, True, True, False]


def test_a_drawing_has_its_places_in_pixels() -> None:
    """Left of the scale 5 signs of 7.2 and a gap of 8, 14 on the right: 100 for each of 4 steps."""
    low, high = Series("low", (1.0, None, 2.0, 3.0)), Series("high", (3.0, None, 4.0, 8.0))
    line, band = Series("count", (2.0, None, 3.0, 5.0)), Band("sure", low, high)
    plot = Plot("p", "P", "u", ("a", "b", "c", "d"), (line,), suffix=" pcs", band=band)
    drawing = Drawing(plot, Size("made", 458, 130))
    assert drawing.ticks == [
        (0, "0 pcs", 110),
        (2, "2 pcs", 85),
        (4, "4 pcs", 60),
        (6, "6 pcs", 35),
        (8, "8 pcs", 10),
    ]
    feet = [("a", 94, 94), ("b", 194, 194), ("c", 294, 294), ("d", 394, 394)]
    assert list(drawing.labels) == feet
    assert list(drawing.curves) == [(0, ((94, 85),)), (0, ((294, 72.5), (394, 47.5)))]
    ends = ((294, 85), (394, 72.5), (394, 10), (294, 60))
    assert list(drawing.areas) == [((94, 97.5), (94, 72.5)), ends]
    # A name takes 32 and 7.2 a letter; between two of them are 16. The last ends half a line below.
    assert drawing.keys == [
        (0, "count", (44, 148)),
        (None, "sure", (128, 148)),
    ]
    assert drawing.height == 154


@pytest.mark.parametrize(
    ("width", "places"),
    [
        (44 + 3 * 68 + 2 * 16, [(44, 118), (128, 118), (212, 118)]),
        (44 + 3 * 68 + 2 * 16 - 1, [(44, 118), (128, 118), (44, 136)]),
        (44 + 68 - 1, [(44, 118), (44, 136), (44, 154)]),
    ],
)
def test_names_stand_side_by_side_while_the_last_ends_in_the_picture(
    width: int, places: list[tuple[int, int]]
) -> None:
    lines = tuple(Series(name, (1.0,)) for name in ("abcde", "fghij", "klmno"))
    plot = Plot("p", "P", "u", ("a",), lines, suffix="%")
    assert [key.at for key in Drawing(plot, Size("made", width, 100)).keys] == places


def test_only_what_comes_whole_has_no_fractions() -> None:
    plain = Plot("p", "P", "u", ("a",), (Series("l", (1.0,)),))
    ticks = {tick.text for tick in Drawing(plain).ticks}
    assert {"0", "0.5", "1"} <= ticks
    ticks = {tick.text for tick in Drawing(replace(plain, is_whole=True)).ticks}
    assert ticks == {"0", "1"}


def test_of_a_year_of_weeks_each_quarter_has_its_name_where_months_are_too_near() -> None:
    weeks = tuple(f"week {number:02}" for number in range(53))
    drawing = Drawing(Plot("p", "P", "u", weeks, (Series("l", (1.0,) * 53),)), NARROW)
    assert [label.text for label in drawing.labels] == list(weeks[::13])
