"""What Prometheus reads of the figures, and that nobody is named in it."""

from datetime import UTC, datetime

from desk_metrics.domain.policies import PolicyBook
from desk_metrics.gauges import Gauges
from desk_shared.telemetry.meters import metrics_page
from desk_shared.telemetry.testing import recorded_telemetry

from tests.unit.metrics.desk import Desk
from tests.unit.metrics.story import Story

NOW = datetime(2026, 12, 1, tzinfo=UTC)


async def test_the_page_shows_teams_and_never_tickets() -> None:
    desk = Desk(NOW, PolicyBook(()))
    await desk.tell(Story("09:00").assigned("09:05", "mail").resolved("11:00").events)
    telemetry = recorded_telemetry().telemetry
    await Gauges(telemetry.metrics.get_meter("test"), desk.shelves.cells, desk.clock).look()
    page = metrics_page(telemetry.registry)[0].decode()
    lines = [one for one in page.splitlines() if one.startswith("desk_restore_mean_seconds{")]
    assert len(lines) == 1
    assert 'desk_team="mail"' in lines[0]
    assert lines[0].endswith(" 7200.0")
    assert "ticket-1" not in page
    assert "desk_detection_lead_mean_seconds{" not in page
