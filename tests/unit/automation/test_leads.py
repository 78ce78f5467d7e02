"""The time that a forecast leaves is used: repaired when the owners work, and in time."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_automation.matching.decide import find_beginning
from desk_automation.runs.model import Phase
from desk_charter.people import Team
from desk_contracts import Event
from desk_contracts.events.signals import SignalRaised

from tests.support.automation_books import ALWAYS_THERE, OneBook
from tests.support.automation_engine import Engine, cleared, raised, runbook

FRIDAY_EVENING = datetime(2026, 3, 6, 20, 0, tzinfo=UTC)
SHIFTS = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00"}]
BY_DAY = Team.model_validate(
    {"name": "workplace", "title": "Workplace", "zone": "UTC", "shifts": SHIFTS}
)
AHEAD = runbook(lead={"ahead": "2h"})


def forecast(expected_at: datetime | None) -> Event[SignalRaised]:
    event = raised(at=FRIDAY_EVENING)
    data = event.data.model_copy(update={"expected_at": expected_at})
    return event._replace(data=data)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


@pytest.mark.parametrize(
    ("owner", "left", "begins"),
    [
        # On Monday at eight it is early enough.
        (BY_DAY, hours(70), datetime(2026, 3, 9, 8, 0, tzinfo=UTC)),
        # It would be full on Saturday: nobody works before, so it acts two hours ahead.
        (BY_DAY, hours(12), FRIDAY_EVENING + hours(10)),
        # No time is left.
        (BY_DAY, hours(1), FRIDAY_EVENING + timedelta(seconds=1)),
        # Somebody is always there.
        (ALWAYS_THERE, hours(70), FRIDAY_EVENING + timedelta(seconds=1)),
        # Nothing is forecast: it is trouble now.
        (BY_DAY, None, FRIDAY_EVENING + timedelta(seconds=1)),
    ],
)
def test_it_begins_when_its_owners_work_but_in_time(
    owner: Team, left: timedelta | None, begins: datetime
) -> None:
    event = forecast(None if left is None else FRIDAY_EVENING + left)
    assert find_beginning(AHEAD, event, owner, FRIDAY_EVENING) == begins


def test_a_runbook_that_does_not_use_the_lead_begins_at_once() -> None:
    event = forecast(FRIDAY_EVENING + hours(70))
    begins = find_beginning(runbook(), event, BY_DAY, FRIDAY_EVENING)
    assert begins == FRIDAY_EVENING + timedelta(seconds=1)


def engine_by_night() -> Engine:
    engine = Engine((AHEAD,))
    engine.rulebook = OneBook(AHEAD, owner=BY_DAY)
    engine.clock.advance(FRIDAY_EVENING - engine.clock.now())
    return engine


async def test_it_says_what_it_waits_for_and_survives_the_night() -> None:
    engine = engine_by_night()
    await engine.hear(forecast(FRIDAY_EVENING + hours(70)))
    await engine.settle(hours(24))
    run = await engine.run()
    assert (run.phase, engine.target.calls) == (Phase.SETTLING, [])
    assert run.reason is not None
    assert run.reason.code == "run.waits-for-shift"
    assert run.reason.params["at"] == "2026-03-09T08:00:00Z"

    engine.restart()
    await engine.settle(hours(36) + timedelta(minutes=1))
    assert engine.target.kinds() == ["act"]


async def test_a_forecast_that_is_taken_back_repairs_nothing() -> None:
    engine = engine_by_night()
    await engine.hear(forecast(FRIDAY_EVENING + hours(70)))
    await engine.hear(cleared(forecast(None), at=FRIDAY_EVENING + hours(3)))
    await engine.settle(hours(70))
    run = await engine.run()
    assert (run.phase, engine.target.calls) == (Phase.SKIPPED, [])
