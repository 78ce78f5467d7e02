"""The weekly report on a real broker and a real store: once, whatever is killed and repeated."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from desk_charter import load_charter
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_contracts.events.problems import ProblemDetected
from desk_contracts.events.reports import GoalStatusReported, Proposal, ServiceRanked
from desk_contracts.message import written
from desk_metrics.reports.commands import ask
from desk_metrics.reports.decide import AFTER, WEEKLY, WEEKS, Reported
from desk_metrics.reports.periods import Period, weeks_before
from desk_metrics.reports.store import REPORTED
from desk_metrics.settings import MetricsSettings
from desk_platform.clock import SystemClock
from desk_platform.settings import Environment, KafkaSettings, StoreSettings
from desk_platform.store import MongoDocuments, Store
from desk_testing import eventually

from tests.integration.metrics.running import Bus, Metrics, Ticket
from tests.support.spoken import english

pytestmark = [pytest.mark.connected, pytest.mark.timeout(900)]


class Office:
    """The report's own document and topic, seen from outside."""

    def __init__(self, bus: Bus, mongo: str) -> None:
        self._bus = bus
        self._seen: list[AnyEvent] = []
        settings = StoreSettings(url=mongo, database_prefix=bus.prefix)
        self._store = Store(settings, f"{bus.prefix}metrics")
        self._documents = MongoDocuments(self._store.database, REPORTED, SystemClock().now)

    async def reported(self) -> Reported | None:
        found = (await self._documents.load([WEEKLY])).get(WEEKLY)
        return None if found is None else found.state

    async def weeks_ago(self, reported: Reported) -> None:
        """As if the last report had been made then; metrics is not running."""
        stored = (await self._documents.load([WEEKLY]))[WEEKLY]
        stored.state, stored.due = reported, reported.due
        assert await self._documents.write([stored]) == frozenset()

    async def told(self) -> list[AnyEvent]:
        """Everything on the topic, repeats included."""
        found = await self._bus.consumer.getmany(timeout_ms=200)
        decode = Codec().decode
        self._seen += [
            event
            for records in found.values()
            for event in (decode(one.key, one.value, one.headers) for one in records)
            if event.topic == "desk.reports"
        ]
        return self._seen

    async def close(self) -> None:
        await self._store.stop()


def _changes(period: Period) -> list[AnyEvent]:
    """Five releases of the VPN; one is rolled back, one is followed by a problem."""
    events: list[AnyEvent] = []
    for number in range(5):
        at = period.start + timedelta(days=3 * number)
        done = ChangeFinished(change=f"c{number}", kind=ChangeKind.RELEASE, succeeded=number != 1)
        events.append(Event(f"finished-{number}", "/delivery", "vpn", at, done))
    broken = ProblemDetected(
        service="vpn",
        title=written("VPN fails"),
        tickets=(),
        people=(),
        team="network",
        message=written(""),
    )
    at = period.start + timedelta(days=9, hours=2)
    return [*events, Event("problem", "/desk/triage", "p-1", at, broken)]


async def test_the_command_line_says_what_the_service_says(
    metrics: Metrics, bus: Bus, kafka: str, mongo: str
) -> None:
    period = weeks_before(datetime.now(UTC) - AFTER, WEEKS)
    await bus.publish(_history(period))
    await eventually(lambda: _worst(metrics, period, contacts=12, changes=5), timeout=180)
    settings = MetricsSettings(
        environment=Environment.LOCAL,
        kafka=KafkaSettings(bootstrap=kafka),
        store=StoreSettings(url=mongo, database_prefix=bus.prefix),
        topic_prefix=bus.prefix,
        charter=metrics.charter,
    )
    await eventually(lambda: _is_said_by_both(metrics, settings, period), timeout=180)


async def _is_said_by_both(metrics: Metrics, settings: MetricsSettings, period: Period) -> bool:
    """Between the two questions another batch may have been counted."""
    answer = await metrics.get(f"/v1/reports/systems?period={period.name}")
    told = answer.json()["systems"]
    found = (await ask(settings, period.name)).systems
    assert [one.service for one in found] == [one["service"] for one in told]
    assert [one.score for one in found] == [one["score"] for one in told]
    assert found[0].contacts == 12
    return True


async def test_a_tick_reports_once_across_kills_and_restarts(
    metrics: Metrics, bus: Bus, mongo: str
) -> None:
    bus.consumer.subscribe([f"{bus.prefix}desk.reports"])
    office, period = Office(bus, mongo), weeks_before(datetime.now(UTC) - AFTER, WEEKS)
    (metrics.charter / "goals.yaml").write_text(_goal(period), encoding="utf-8")
    expected = len(load_charter(metrics.charter).services) + 1
    await bus.publish(_history(period))
    await eventually(lambda: _worst(metrics, period, contacts=12, changes=5), timeout=180)
    assert await office.told() == []

    metrics.kill()
    await office.weeks_ago(Reported(period.end - timedelta(weeks=3)))
    await metrics.start()
    await eventually(lambda: _has_told(office, expected), timeout=180)
    first = {one.id: one for one in await office.told()}
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
    told = await office.told()
    assert len(first) == expected
    assert {one.id for one in told} == set(first)
    assert all(one.data == first[one.id].data for one in told)
    _is_as_published([one for one in first.values() if _rank(one) == 1], period)
    (goal,) = (one for one in first.values() if isinstance(one.data, GoalStatusReported))
    await _is_as_asked(metrics, goal, period)
    await office.close()


def _history(period: Period) -> list[AnyEvent]:
    """Twelve incidents of an hour about the VPN, and its changes, told twice."""
    events: list[AnyEvent] = []
    for number in range(12):
        opened = period.start + timedelta(days=number)
        ticket = Ticket(f"t-{number}", opened).triaged(opened, "P2").assigned(opened, "network")
        events += ticket.resolved(opened + timedelta(hours=1)).events
    return [*events, *_changes(period), *_changes(period)]


def _rank(event: AnyEvent) -> int:
    """0 for what is no rank."""
    return event.data.rank if isinstance(event.data, ServiceRanked) else 0


def _goal(period: Period) -> str:
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


async def _is_as_asked(metrics: Metrics, event: AnyEvent, period: Period) -> None:
    """The goal is told to the owner of its service, as the HTTP side tells it of that moment."""
    said, at = event.data, period.end + AFTER
    assert isinstance(said, GoalStatusReported)
    answer = await metrics.get(f"/v1/goals?as_of={at:%Y-%m-%dT%H:%M:%SZ}")
    (asked,) = answer.json()["goals"]
    assert (event.subject, said.team, event.time) == ("network", "network", at)
    assert (said.goal, said.period) == ("fewer-vpn", period.name)
    # Ten of the twelve tickets came in the 28 days before the report.
    assert (said.now, said.target) == (2.5, 1)
    assert (said.verdict, english(said.explanation)) == (asked["verdict"], asked["sentence"])


def _is_as_published(worst: list[AnyEvent], period: Period) -> None:
    (event,) = worst
    said = event.data
    assert isinstance(said, ServiceRanked)
    assert (event.subject, said.service, said.period) == ("network", "vpn", period.name)
    assert (said.contacts, said.changes, said.change_failure_rate) == (12, 5, 0.4)
    assert said.proposal is Proposal.REPAIR
    assert said.reasons[0].code == "proposal.failed-changes"
    assert event.time == period.end + AFTER


async def _worst(metrics: Metrics, period: Period, *, contacts: int, changes: int) -> bool:
    answer = await metrics.get(f"/v1/reports/systems?period={period.name}")
    assert answer.status_code == httpx.codes.OK, answer.text
    worst = answer.json()["systems"][0]
    assert (worst["service"], worst["contacts"], worst["changes"]) == ("vpn", contacts, changes)
    return True


async def _is_repeated(office: Office) -> bool:
    counts = Counter(one.id for one in await office.told())
    return min(counts.values()) >= 2


async def _has_told(office: Office, count: int) -> bool:
    return len(await office.told()) >= count
