"""What people are told of the whole and of their ticket's time, on a real broker and store."""

from datetime import UTC, datetime, timedelta

import pytest
from desk_contracts import Event, Payload
from desk_contracts.events.changes import ChangeKind, ChangePlanned
from desk_contracts.events.sla import ClockName, SlaMet
from desk_contracts.ids import new_id
from desk_intake.tickets.forecast import LEAST_SOLVED
from desk_testing import eventually

from tests.support.intake_around import Bus, Person

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]

NOW = datetime.now(UTC)


def event(data: Payload, subject: str) -> Event[Payload]:
    # "Today" is asked about right after it: the moment of the module may be yesterday's.
    return Event(id=new_id(), source="/test", subject=subject, time=datetime.now(UTC), data=data)


async def test_what_is_planned_how_today_goes_and_when_a_ticket_is_solved(
    ana: Person, max_of_network: Person, bus: Bus
) -> None:
    plan = ChangePlanned(
        change="c-1", kind=ChangeKind.MAINTENANCE, title="New gateway",
        starts=NOW + timedelta(days=1), ends=NOW + timedelta(days=1, hours=2),
    )  # fmt: skip
    met = SlaMet(
        clock=ClockName.RESOLUTION, policy="p", policy_version="1", team="network",
        took=timedelta(hours=1), due=None,
    )  # fmt: skip
    await bus.publish([event(plan, "vpn"), event(met, "t-1"), event(met, "t-2")])

    async def is_known() -> bool:
        status = (await ana.get("/status")).json()
        assert [item["title"] for item in status["changes"]] == ["New gateway"]
        assert (status["slas_today"]["met"], status["slas_today"]["share"]) == (2, 1)
        return True

    await eventually(is_known, timeout=60)
    feed = await ana.get("/status/feed")
    assert "New gateway" in feed.text

    for number in range(LEAST_SOLVED + 1):
        ticket = (await ana.post("/tickets", f"k-{number}", title="VPN away")).json()["id"]
        await max_of_network.post(f"/tickets/{ticket}/assign", f"a-{number}", team="network")
        if number == 0:
            mine = (await ana.get(f"/tickets/{ticket}")).json()["forecast"]
            assert (mine["status"], mine["earliest"]) == ("unknown", None)
        await max_of_network.post(f"/tickets/{ticket}/resolve", f"r-{number}", resolution="Done")

    # What is known of a team is read again every minute; another replica would know it at once.
    teams = (await ana.get("/status/forecasts")).json()
    network = next(item for item in teams if item["team"] == "network")
    assert set(network["record"]) >= {"within", "later", "nothing_said"}
    assert network["share"] == 0.8
