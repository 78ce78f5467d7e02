"""What the page tells of owners and of what people ask for, as text and not as markup."""

from datetime import UTC, date, datetime

import pytest
from desk_contracts.text import name_of
from desk_metrics.reports.decide import WEEKLY, Reported
from desk_metrics.reports.page.html import render_page
from desk_metrics.reports.page.model import PageQuery
from desk_metrics.reports.page.store import gather
from desk_metrics.reports.responses import AskedProposal
from desk_metrics.reports.store import ANSWERS, REPORTED, OwnerResponses
from desk_metrics.sla.policies import PolicyBook
from desk_platform.store import Stored
from desk_testing.fakes import FakeDocuments

from tests.support.metrics_demand import wanted
from tests.support.metrics_desk import Desk
from tests.support.metrics_measures import second
from tests.support.metrics_page import EVIL, Page, page_sources
from tests.support.metrics_story import Story

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
async def desk() -> Desk:
    """Somebody asked about mail twice within the week."""
    desk = Desk(NOW, PolicyBook(()))
    for number, day in enumerate(("2026-11-23", "2026-11-26")):
        await desk.tell(second(Story(f"{day} 09:00", service="mail"), f"t-{number}", "ben"))
    await desk.at(NOW)
    return desk


async def test_what_people_ask_for_and_where_reports_stand_is_told(desk: Desk) -> None:
    await desk.tell([wanted(1, f"A {EVIL}", "ana", 30), wanted(2, f"a {EVIL}", "ben", 40)])
    responses = OwnerResponses(
        FakeDocuments(REPORTED, desk.clock), FakeDocuments(ANSWERS, desk.clock)
    )
    made = (AskedProposal("vpn", "repair", 2, 2, NOW), AskedProposal("mail", "leave", 1))
    await responses.reported.write([Stored(id=WEEKLY, state=Reported(NOW, made))])
    query = PageQuery.of(date(2026, 11, 23), date(2026, 11, 29), NOW)
    read = Page(render_page(await gather(page_sources(desk, responses=responses), query), NOW))
    assert read.row(name_of(f"a {EVIL}"))[1:] == ["2", "2"]
    assert read.row("Of them, again within a week")[1] == "1"
    assert read.row("vpn") == ["vpn", "Not answered: 2 reports in a row since 1 December 2026."]
    assert not [row for row in read.rows if row[0] == "mail" and len(row) == 2]
