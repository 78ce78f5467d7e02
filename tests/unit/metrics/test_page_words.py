"""Figures, changes and periods as each language writes them."""

from datetime import date

import pytest
from desk_metrics.reports.page.phrases import Better, Unit, Words

from tests.support.metrics_page import plain


@pytest.mark.parametrize(
    ("now", "before", "unit", "better", "text"),
    [
        (10, 8, "count", "less", "+25 %, worse"),
        (0.9, 0.8, "share", "more", "+10 points, better"),
        (0.901, 0.899, "share", "more", "as before"),
        (3, 0, "count", "less", "3 more, worse"),
        (866, 13, "count", "less", "67 times as much, worse"),
        (0.5, 0.75, "quotient", "more", "-0.25, worse"),
        (10, 8, "count", "", "+25 %"),
        (None, 8, "count", "less", "not known"),
    ],
)
def test_a_change_says_whether_it_is_good(
    now: float | None, before: float | None, unit: Unit, better: Better, text: str
) -> None:
    change = Words("en").describe_change(now, before, unit, better)
    assert plain(change.text) == text
    assert change.text.endswith(change.judgement)
    assert bool(change.judgement) == ("better" in text or "worse" in text)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12345, "count", "12,345"),
        (45, "minutes", "45 min"),
        (900, "minutes", "15.0 h"),
        (123_456, "minutes", "2,058 h"),
        (0.956, "share", "96 %"),
        (-0.5, "quotient", "-0.50"),
        (1500, "duration", "25 min"),
        (9000, "duration", "2.5 h"),
        (864_000, "duration", "10.0 days"),
        (None, "count", "not known"),
    ],
)
def test_every_figure_has_its_unit(value: float | None, unit: Unit, text: str) -> None:
    assert plain(Words("en").figure(value, unit)) == text


@pytest.mark.parametrize(
    ("first", "last", "english", "german"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), "23 Nov 2026", "23. Nov. 2026"),
        (date(2026, 11, 23), date(2026, 11, 29), "23 - 29 Nov 2026", "23.-29. Nov. 2026"),
        (
            date(2026, 10, 27),
            date(2026, 11, 23),
            "27 Oct - 23 Nov 2026",
            "27. Okt. - 23. Nov. 2026",
        ),
    ],
)
def test_a_period_is_told_in_words(first: date, last: date, english: str, german: str) -> None:
    assert plain(Words("en").days(first, last)) == english
    assert plain(Words("de").days(first, last)) == german


def test_figures_are_written_as_the_language_does() -> None:
    german = Words("de")
    assert german.figure(12345, "count") == "12.345"
    assert plain(german.figure(9000, "duration")) == "2,5 h"
    assert plain(german.figure(864_000, "duration")) == "10,0 Tage"
    assert plain(german.figure(-0.5, "quotient")) == "-0,50"
    assert german.figure(None, "share") == "nicht bekannt"
    assert plain(german.describe_change(0.9, 0.8, "share", "more").text) == "+10 Punkte, besser"
    assert german.tick(0.25) == "0,25"
