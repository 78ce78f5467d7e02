"""Numbers that other tests take from the code by name: what was agreed of them."""

from datetime import timedelta

from tests.support.named_numbers import find_named_numbers

NUMBERS = {
    "desk_metrics.history.store.RUN": 20_000,
    "desk_metrics.history.tallies.MOST_NAMES": 5000,
    "desk_metrics.measures.gauges.DAYS": 28,
    "desk_metrics.measures.repeat_contacts.SPAN": 2_419_200_000_000,
    "desk_metrics.measures.sketch.ACCURACY": 0.01,
    "desk_metrics.planning.arrivals.HOURS": 168,
    "desk_metrics.planning.model.WEEK_US": 604_800_000_000,
    "desk_metrics.planning.trends.CONFIDENCE": 0.8,
    "desk_metrics.reports.changes.DAY": 86_400_000_000,
    "desk_metrics.reports.changes.MOST": 500,
    "desk_metrics.reports.page.scales.FONT": 12,
    "desk_metrics.reports.responses.MOST_KEPT": 50,
    "desk_metrics.reports.worker.BEHIND": 500,
    "desk_metrics.sla.worker.AHEAD": timedelta(seconds=6),
    "desk_metrics.sla.worktime.DAY": 86_400_000_000,
    "desk_metrics.solutions.decide.LASTS": 604_800_000_000,
}


def test_a_number_that_tests_use_by_its_name_is_as_agreed() -> None:
    """Where they test what happens at a bound, nobody else would see that the bound moved."""
    assert find_named_numbers("metrics") == NUMBERS
