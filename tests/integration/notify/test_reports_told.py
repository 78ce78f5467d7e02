"""What metrics reports reaches the team on a real broker, once."""

from datetime import UTC, date, datetime

import pytest
from desk_contracts import Event
from desk_contracts.events.reports import GoalStatusReported, GoalVerdict
from desk_contracts.message import message
from desk_testing import eventually

from tests.support.notify_running import Bus, Notify

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


async def test_where_a_goal_stands_is_told_to_the_team_that_answers_for_it(
    notify: Notify, bus: Bus
) -> None:
    goal = GoalStatusReported(
        goal="half-the-tickets",
        title="Half the tickets",
        team="network",
        period="2026-W44/2026-W47",
        as_of=NOW,
        measure="contacts",
        unit="per_week",
        due=date(2028, 12, 31),
        verdict=GoalVerdict.BEHIND,
        explanation=(message("goal.no-figure"),),
    )
    event = Event("report-1", "/desk/metrics", "network", NOW, goal)
    reached = goal.model_copy(update={"goal": "mail", "verdict": GoalVerdict.REACHED})
    other = Event("report-2", "/desk/metrics", "network", NOW, reached)
    await notify.start()
    # Sent twice, as a report is that was cut off before it was marked as sent.
    await bus.publish([event, event, other])
    await eventually(lambda: _has_told(bus, "Goal behind: Half the tickets"))
    await eventually(lambda: _has_told(bus, "Goal reached: Half the tickets"))
    # What is repeated has the same id; two reports are in no order.
    assert len({bu.id for bu in bus.seen}) == 2
    notified = next(
        item for item in await bus.messages_to("network") if item.title.startswith("Goal behind")
    )
    assert "there is no figure from the last four whole weeks" in notified.body
    assert "due by 31 December 2028" in notified.body


async def _has_told(bus: Bus, title: str) -> bool:
    return title in await bus.titles("network")
