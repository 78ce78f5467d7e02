"""The weekly report on a real broker and a real store: once, whatever is killed and repeated."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from desk_charter import load_charter
from desk_contracts import AnyEvent
from desk_contracts.events.reports import GoalStatusReported, Proposal, ServiceRanked
from desk_metrics.reports.commands import ask
from desk_metrics.reports.decide import AFTER, WEEKS, Reported
from desk_metrics.reports.periods import ReportPeriod, weeks_before
from desk_metrics.settings import MetricsSettings
from desk_platform.settings import Environment, KafkaSettings, StoreSettings
from desk_testing import eventually

from tests.support.metrics_reports import Office, _history, _worst
from tests.support.metrics_running import Bus, Metrics
from tests.support.spoken import english

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]


async def test_the_command_line_says_what_the_service_says(
    metrics: Metrics, bus: Bus, kafka: str, store_url: str
) -> None:
    period = weeks_before(datetime.now(UTC) - AFTER, WEEKS)
    await bus.publish(_history(period))
    await eventually(lambda: _worst(metrics, period, contacts=12, changes=5), timeout=180)
    settings = MetricsSettings(
        environment=Environment.LOCAL,
        kafka=KafkaSettings(bootstrap=kafka),
        store=StoreSettings(url=store_url, database_prefix=bus.prefix),
        topic_prefix=bus.prefix,
        charter=metrics.charter,
    )
    await eventually(lambda: _is_said_by_both(metrics, settings, period), timeout=180)


async def _is_said_by_both(
    metrics: Metrics, settings: MetricsSettings, period: ReportPeriod
) -> bool:
    """Between the two questions another batch may have been counted."""
    answer = await metrics.get(f"/v1/reports/systems?period={period.name}")
    systems = answer.json()["systems"]
    ranked = (await ask(settings, period.name)).systems
    assert [item.service for item in ranked] == [item["service"] for item in systems]
    assert [item.score for item in ranked] == [item["score"] for item in systems]
    assert ranked[0].contacts == 12
    return True


async def test_a_tick_reports_once_across_kills_and_restarts(
    metrics: Metrics, bus: Bus, store_url: str
) -> None:
    bus.consumer.subscribe([f"{bus.prefix}desk.reports"])
    office, period = Office(bus, store_url), weeks_before(datetime.now(UTC) - AFTER, WEEKS)
    (metrics.charter / "goals.yaml").write_text(_goal(period), encoding="utf-8")
    expected = len(load_charter(metrics.charter).services) + 1
    await bus.publish(_history(period))
    await eventually(lambda: _worst(metrics, period, contacts=12, changes=5), timeout=180)
    assert await office.published() == []

    metrics.kill()
    await office.weeks_ago(Reported(period.end - timedelta(weeks=3)))
    await metrics.start()
    await eventually(lambda: _has_told(office, expected), timeout=180)
    first = {item.id: item for item in await office.published()}
    metrics.kill()
    await metrics.start()
    made = await office.reported()
    assert made is not None
    assert made.until == period.end

    # Told to make it once more: nothing new is said, and what a kill left over came out by then.
    metrics.stop()
    await office.weeks_ago(Reported(period.end - timedelta(weeks=1)))
    await metrics.start()
    await eventually(lambda: _is_repeated(office), timeout=180)
    events = await office.published()
    assert len(first) == expected
    assert {item.id for item in events} == set(first)
    assert all(item.data == first[item.id].data for item in events)
    _is_as_published([item for item in first.values() if _rank(item) == 1], period)
    (goal,) = (item for item in first.values() if isinstance(item.data, GoalStatusReported))
    await _is_as_asked(metrics, goal, period)
    await office.close()


def _rank(event: AnyEvent) -> int:
    """0 for what is no rank."""
    return event.data.rank if isinstance(event.data, ServiceRanked) else 0


def _goal(period: ReportPeriod) -> str:
    """Compared with eight weeks that nothing is known of; one a week is wanted."""
    first, last = period.start - timedelta(weeks=8), period.start - timedelta(days=1)
    return f"""\
goals:
  - name: fewer-vpn
    title: Fewer tickets about VPN
    measure: contacts
    where: {{services: [vpn]}}
    direction: down
    target: {{value: 1}}
    baseline: {{from: {first:%Y-%m-%d}, to: {last:%Y-%m-%d}}}
    due: {period.end + timedelta(days=700):%Y-%m-%d}
"""


async def _is_as_asked(metrics: Metrics, event: AnyEvent, period: ReportPeriod) -> None:
    """The goal is told to the owner of its service, as the HTTP side tells it of that moment."""
    status, at = event.data, period.end + AFTER
    assert isinstance(status, GoalStatusReported)
    answer = await metrics.get(f"/v1/goals?as_of={at:%Y-%m-%dT%H:%M:%SZ}")
    (goal,) = answer.json()["goals"]
    assert (event.subject, status.team, event.time) == ("network", "network", at)
    assert (status.goal, status.period) == ("fewer-vpn", period.name)
    # Ten of the twelve tickets came in the 28 days before the report.
    assert (status.now, status.target) == (2.5, 1)
    assert (status.verdict, english(status.explanation)) == (goal["verdict"], goal["sentence"])


def _is_as_published(worst: list[AnyEvent], period: ReportPeriod) -> None:
    (event,) = worst
    ranked = event.data
    assert isinstance(ranked, ServiceRanked)
    assert (event.subject, ranked.service, ranked.period) == ("network", "vpn", period.name)
    assert (ranked.contacts, ranked.changes, ranked.change_failure_rate) == (12, 5, 0.4)
    assert ranked.proposal is Proposal.REPAIR
    assert ranked.reasons[0].code == "proposal.failed-changes"
    assert event.time == period.end + AFTER


async def _is_repeated(office: Office) -> bool:
    counts = Counter(item.id for item in await office.published())
    return min(counts.values()) >= 2


async def _has_told(office: Office, count: int) -> bool:
    return len(await office.published()) >= count
