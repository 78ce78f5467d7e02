"""What Prometheus reads of the figures, and that nobody is named in it."""

from datetime import UTC, datetime

from desk_metrics.domain.policies import PolicyBook
from desk_metrics.gauges import Gauges
from desk_shared.telemetry.meters import metrics_page
from desk_shared.telemetry.testing import recorded_telemetry

from tests.unit.metrics.desk import Desk
from tests.unit.metrics.story import Story, at, book, policy

NOW = datetime(2026, 12, 1, tzinfo=UTC)


async def test_the_page_shows_teams_and_never_tickets() -> None:
    desk = Desk(NOW, PolicyBook(()))
    await desk.tell(Story("09:00").assigned("09:05", "mail").resolved("11:00").events)
    telemetry = recorded_telemetry().telemetry
    shelves, meter = desk.shelves, telemetry.metrics.get_meter("test")
    await Gauges(meter, shelves.cells, shelves.tickets, desk.clock).look()
    page = metrics_page(telemetry.registry)[0].decode()
    lines = [one for one in page.splitlines() if one.startswith("desk_restore_mean_seconds{")]
    assert len(lines) == 1
    assert 'desk_team="mail"' in lines[0]
    assert lines[0].endswith(" 7200.0")
    assert "ticket-1" not in page
    assert "desk_detection_lead_mean_seconds{" not in page


async def test_a_team_has_tickets_at_risk_until_they_are_done() -> None:
    desk = Desk(at("09:00"), book(policy(minutes=60, warn_at=(50,))))
    telemetry = recorded_telemetry().telemetry
    shelves, meter = desk.shelves, telemetry.metrics.get_meter("test")
    gauges = Gauges(meter, shelves.cells, shelves.tickets, desk.clock)
    story, seen = Story("09:00").assigned("09:05", "mail"), list[str]()
    told = 0
    for moment in ("09:20", "09:40", "09:50"):
        await desk.tell(story.events[told:])
        told = len(story.events)
        await desk.at(at(moment))
        await gauges.look()
        page = metrics_page(telemetry.registry)[0].decode()
        seen += [one for one in page.splitlines() if one.startswith("desk_tickets_at_risk{")]
        if moment == "09:40":
            story = story.resolved("09:45")
    assert [one.rpartition(" ")[2] for one in seen] == ["1.0", "0.0"]
    assert all('desk_team="mail"' in one and "ticket-1" not in one for one in seen)
