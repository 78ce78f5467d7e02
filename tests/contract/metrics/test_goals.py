"""What the charter lets goals be about is what metrics can tell, in a unit that is known."""

from typing import get_args

import pytest
from desk_metrics.measures.figures import OF_SERVICES_ONLY, figures_of
from desk_metrics.measures.totals import QuerySpan, Totals
from desk_metrics.measures.units import COUNTS
from desk_metrics.planning.charter import GoalMeasure

FIGURES = figures_of(Totals(), QuerySpan(0, 1, 1))


@pytest.mark.parametrize("measure", get_args(GoalMeasure))
def test_every_measure_of_a_goal_is_a_figure(measure: str) -> None:
    assert measure in FIGURES


def test_lists_of_measures_name_measures() -> None:
    assert set(get_args(GoalMeasure)) >= COUNTS
    assert FIGURES.keys() >= OF_SERVICES_ONLY
