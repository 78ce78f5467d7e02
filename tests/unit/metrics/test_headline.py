"""What the page says first: of what is not known nothing, and of nothing that it was nothing."""

from datetime import UTC, date, datetime

import pytest
from desk_contracts.message import message
from desk_metrics.measures.figures import Figures
from desk_metrics.reports.page.headline import describe_page
from desk_metrics.reports.page.model import PageFigures, PageQuery

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
WEEK = PageQuery.of(date(2026, 11, 23), date(2026, 11, 29), NOW)
NOTHING: Figures = dict.fromkeys(
    (
        "arrivals", "resolved", "contacts", "backlog", "sla_met", "sla_evaluated", "auto_healed",
        "prevented_contacts", "foreseen_share",
    )
)  # fmt: skip


def headline(**figures: float | None) -> list[tuple[str, object]]:
    """Each sentence with the number that it is about."""
    now: Figures = {**NOTHING, "arrivals": 3.0, **figures}
    sentences = describe_page(PageFigures(WEEK, now, NOTHING, ()))
    return [(item.code, item.params.get("count", item.params.get("share"))) for item in sentences]


@pytest.mark.parametrize(
    ("repairs", "sentence"),
    [
        (None, []),
        (0.0, [("page.nothing-prevented", None)]),
        (1.0, [("page.prevented", 1)]),
        (12.0, [("page.prevented", 12)]),
    ],
)
def test_what_repairs_prevented_is_told_where_there_were_any(
    repairs: float | None, sentence: list[tuple[str, object]]
) -> None:
    assert headline(auto_healed=repairs)[2:] == sentence


def test_what_was_foreseen_is_told_where_it_is_known() -> None:
    assert headline(auto_healed=1.0, foreseen_share=0.0)[3:] == [("page.foreseen", 0.0)]


@pytest.mark.parametrize(
    ("met", "sentence"), [(None, ("page.no-slas", None)), (0.0, ("page.slas", 4))]
)
def test_slas_that_nobody_met_are_not_those_that_there_were_none(
    met: float | None, sentence: tuple[str, object]
) -> None:
    assert headline(sla_met=met, sla_evaluated=4.0)[1] == sentence


def test_contacts_that_were_prevented_are_counted() -> None:
    now: Figures = {**NOTHING, "arrivals": 3.0, "auto_healed": 2.0, "prevented_contacts": 7.0}
    [sentence] = [
        item
        for item in describe_page(PageFigures(WEEK, now, NOTHING, ()))
        if item.code == "page.prevented"
    ]
    assert sentence.params["contacts"] == message("count.contacts", count=7)
