"""Owners answer reports on a real broker and a real store: kept, told once, heard by the next."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from desk_charter import load_charter
from desk_contracts.events.reports import Answer, ResponseRecorded, ServiceRanked
from desk_metrics.reports.decide import AFTER, WEEKS, Reported
from desk_metrics.reports.periods import ReportPeriod, weeks_before
from desk_metrics.reports.responses import Answers, AskedProposal
from desk_metrics.reports.store import ANSWERS
from desk_platform.clock import SystemClock
from desk_platform.settings import StoreSettings
from desk_platform.store import Store, open_store
from desk_testing import eventually

from tests.support.metrics_reports import Office, _history, _worst
from tests.support.metrics_running import Bus, Metrics
from tests.support.spoken import english

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]

WEEK = timedelta(weeks=1)
PATH = "/v1/reports/systems/vpn/answers"
NO = {"answer": "rejected", "reason": "It is replaced soon."}


class Owners:
    """Owners and the weekly report, week after week by moving the report's document back."""

    def __init__(
        self, metrics: Metrics, office: Office, period: ReportPeriod, store: Store
    ) -> None:
        self.metrics, self.office, self.period = metrics, office, period
        self._answers = store.documents(ANSWERS, SystemClock().now)

    async def cost_half_as_much(self) -> None:
        """As if the VPN had cost half as much when the last answer was given."""
        (stored,) = (await self._answers.load(["vpn"])).values()
        assert stored.state is not None
        *others, last = stored.state.responses
        stored.state = Answers((*others, replace(last, score=last.score / 2)))
        assert await self._answers.write([stored]) == frozenset()

    async def left(self, proposal: AskedProposal, *, weeks_ago: int) -> None:
        """Metrics lives on with this as its last report."""
        self.metrics.kill()
        await self.office.weeks_ago(Reported(self.period.end - weeks_ago * WEEK, (proposal,)))
        await self.metrics.start()

    async def answer(self, body: object, key: str, team: str = "network") -> httpx.Response:
        headers = {
            "X-Desk-User": "network-1",
            "X-Desk-Roles": "member",
            "X-Desk-Team": team,
            "Idempotency-Key": key,
        }
        async with httpx.AsyncClient(base_url=self.metrics.url, timeout=60) as client:
            return await client.post(PATH, headers=headers, json=body)

    async def remembered(self) -> AskedProposal:
        reported = await self.office.reported()
        assert reported is not None
        return next(item for item in reported.made if item.service == "vpn")

    async def has_reported(self) -> bool:
        reported = await self.office.reported()
        return reported is not None and len(reported.made) > 1

    async def ranked(self) -> list[ServiceRanked]:
        """What was told of the VPN; what a kill had published once more says the same again."""
        services = list[ServiceRanked]()
        for event in await self.office.published():
            item = event.data
            if isinstance(item, ServiceRanked) and item.service == "vpn" and item not in services:
                services.append(item)
        return services

    async def ranked_times(self, count: int) -> list[ServiceRanked]:
        """The same, once it was told so often."""

        async def has_come() -> bool:
            return len(await self.ranked()) >= count

        await eventually(has_come, timeout=180)
        return await self.ranked()


@pytest.fixture
async def owners(metrics: Metrics, bus: Bus, store_url: str) -> AsyncIterator[Owners]:
    """Of a VPN that cost people much in the last four weeks."""
    bus.consumer.subscribe([f"{bus.prefix}desk.reports"])
    office, period = Office(bus, store_url), weeks_before(datetime.now(UTC) - AFTER, WEEKS)
    store = open_store(
        StoreSettings(url=store_url, database_prefix=bus.prefix), f"{bus.prefix}metrics"
    )
    await bus.publish(_history(period))
    await eventually(lambda: _worst(metrics, period, contacts=12, changes=5), timeout=180)
    yield Owners(metrics, office, period, store)
    await office.close()
    await store.stop()


async def test_an_answer_is_told_once_and_holds_until_the_figures_worsen(owners: Owners) -> None:
    await _the_third_without_an_answer_is_escalated(owners)
    await _answered_twice_it_is_kept_once(owners)
    proposal = await owners.remembered()

    # The next report leaves it out, although the service was killed after the answer.
    await owners.left(proposal, weeks_ago=1)
    stands = (await owners.metrics.get("/v1/reports/systems")).json()["answers"]["vpn"]
    assert stands.startswith("Rejected on ")
    await eventually(owners.has_reported, timeout=180)
    assert len(await owners.ranked()) == 1
    assert (await owners.remembered()).waiting == 0

    # Had it cost half as much when it was rejected, it would come back and say so.
    owners.metrics.kill()
    await owners.cost_half_as_much()
    await owners.left(proposal, weeks_ago=1)
    await eventually(owners.has_reported, timeout=180)
    back = (await owners.ranked_times(2))[-1]
    assert (back.answer, back.unanswered) == (Answer.REJECTED, 0)
    assert back.reasons[-1].code == "report.rejected-and-worse"
    assert "100% more" in english(back.reasons[-1])
    events = await owners.office.published()
    assert len({item.id for item in events if isinstance(item.data, ResponseRecorded)}) == 1


async def _the_third_without_an_answer_is_escalated(owners: Owners) -> None:
    before = owners.period.start - WEEK
    silent = AskedProposal("vpn", "repair", 2, 2, before, "2026-W01/2026-W04", 100_000.0)
    await owners.left(silent, weeks_ago=1)
    await eventually(owners.has_reported, timeout=180)
    (third,) = await owners.ranked_times(1)
    assert (third.unanswered, third.unanswered_since, third.escalated) == (2, before, True)
    assert third.escalated_to == load_charter(owners.metrics.charter).routing.default_team
    assert (await owners.remembered()).waiting == 3


async def _answered_twice_it_is_kept_once(owners: Owners) -> None:
    assert (await owners.answer(NO, "k-0", team="mail")).status_code == httpx.codes.FORBIDDEN
    first, second = await owners.answer(NO, "k-1"), await owners.answer(NO, "k-1")
    assert (first.status_code, first.json()) == (201, second.json())
    assert first.json()["period"] == owners.period.name
