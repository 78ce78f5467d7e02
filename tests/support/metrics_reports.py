"""Shared by tests: metrics, reports."""

from datetime import timedelta

import httpx
from desk_contracts import AnyEvent, Codec, Event
from desk_contracts.events.changes import ChangeFinished, ChangeKind
from desk_contracts.events.problems import ProblemDetected
from desk_contracts.message import verbatim
from desk_metrics.reports.decide import WEEKLY, Reported
from desk_metrics.reports.periods import ReportPeriod
from desk_metrics.reports.store import REPORTED
from desk_platform.clock import SystemClock
from desk_platform.settings import StoreSettings
from desk_platform.store import open_store

from tests.support.metrics_running import Bus, Metrics, Ticket


class Office:
    """The report's own document and topic, seen from outside."""

    def __init__(self, bus: Bus, store_url: str) -> None:
        self._bus = bus
        self._seen: list[AnyEvent] = []
        settings = StoreSettings(url=store_url, database_prefix=bus.prefix)
        self._store = open_store(settings, f"{bus.prefix}metrics")
        self._documents = self._store.documents(REPORTED, SystemClock().now)

    async def reported(self) -> Reported | None:
        stored = (await self._documents.load([WEEKLY])).get(WEEKLY)
        return None if stored is None else stored.state

    async def weeks_ago(self, reported: Reported) -> None:
        """As if the last report had been made then; metrics is not running."""
        stored = (await self._documents.load([WEEKLY]))[WEEKLY]
        stored.state, stored.due = reported, reported.due
        assert await self._documents.write([stored]) == frozenset()

    async def published(self) -> list[AnyEvent]:
        """Everything on the topic, repeats included."""
        batches = await self._bus.consumer.getmany(timeout_ms=200)
        decode = Codec().decode
        self._seen += [
            event
            for records in batches.values()
            for event in (decode(record.key, record.value, record.headers) for record in records)
            if event.topic == "desk.reports"
        ]
        return self._seen

    async def close(self) -> None:
        await self._store.stop()


def _changes(period: ReportPeriod) -> list[AnyEvent]:
    """Five releases of the VPN; one is rolled back, one is followed by a problem."""
    events: list[AnyEvent] = []
    for number in range(5):
        at = period.start + timedelta(days=3 * number)
        done = ChangeFinished(change=f"c{number}", kind=ChangeKind.RELEASE, succeeded=number != 1)
        events.append(Event(f"finished-{number}", "/delivery", "vpn", at, done))
    broken = ProblemDetected(
        service="vpn",
        title=verbatim("VPN fails"),
        tickets=(),
        people=(),
        team="network",
        message=verbatim(""),
    )
    at = period.start + timedelta(days=9, hours=2)
    return [*events, Event("problem", "/desk/triage", "p-1", at, broken)]


def _history(period: ReportPeriod) -> list[AnyEvent]:
    """Twelve incidents of an hour about the VPN, and its changes, told twice."""
    events: list[AnyEvent] = []
    for number in range(12):
        opened = period.start + timedelta(days=number)
        ticket = Ticket(f"t-{number}", opened).triaged(opened, "P2").assigned(opened, "network")
        events += ticket.resolved(opened + timedelta(hours=1)).events
    return [*events, *_changes(period), *_changes(period)]


async def _worst(metrics: Metrics, period: ReportPeriod, *, contacts: int, changes: int) -> bool:
    answer = await metrics.get(f"/v1/reports/systems?period={period.name}")
    assert answer.status_code == httpx.codes.OK, answer.text
    worst = answer.json()["systems"][0]
    assert (worst["service"], worst["contacts"], worst["changes"]) == ("vpn", contacts, changes)
    return True
