"""What Prometheus reads of the figures, and that nobody is named in it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from desk_metrics.measures.figures import figures_of
from desk_metrics.measures.gauges import DAYS, GAUGES, Gauges
from desk_metrics.measures.store import TICKETS, days
from desk_metrics.measures.totals import QuerySpan, TotalsQuery
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.worktime import micros
from desk_platform.store import Schema
from desk_platform.telemetry.meters import metrics_page
from desk_testing.fakes import FakeDocuments
from desk_testing.telemetry import record_telemetry

from tests.support.metrics_desk import Desk
from tests.support.metrics_measures import second
from tests.support.metrics_story import Story, at, book, policy

NOW = datetime(2026, 12, 1, tzinfo=UTC)


async def test_the_page_shows_teams_and_never_tickets() -> None:
    desk = Desk(NOW, PolicyBook(()))
    await desk.tell(Story("09:00").assigned("09:05", "mail").resolved("11:00").events)
    telemetry = record_telemetry().telemetry
    collections, meter = desk.collections, telemetry.metrics.get_meter("test")
    await Gauges(meter, collections.buckets, desk.sums, collections.tickets, desk.clock).look()
    page = metrics_page(telemetry.registry)[0].decode()
    lines = [
        splitline
        for splitline in page.splitlines()
        if splitline.startswith("desk_restore_mean_seconds{")
    ]
    assert len(lines) == 1
    assert 'desk_team="mail"' in lines[0]
    assert lines[0].endswith(" 7200.0")
    assert "ticket-1" not in page
    assert "desk_detection_lead_mean_seconds{" not in page


async def test_a_team_has_tickets_at_risk_until_they_are_done() -> None:
    desk = Desk(at("09:00"), book(policy(minutes=60, warn_at=(50,))))
    telemetry = record_telemetry().telemetry
    collections, meter = desk.collections, telemetry.metrics.get_meter("test")
    gauges = Gauges(meter, collections.buckets, desk.sums, collections.tickets, desk.clock)
    story, seen = Story("09:00").assigned("09:05", "mail"), list[str]()
    sent = 0
    for moment in ("09:20", "09:40", "09:50"):
        await desk.tell(story.events[sent:])
        sent = len(story.events)
        await desk.at(at(moment))
        await gauges.look()
        page = metrics_page(telemetry.registry)[0].decode()
        seen += [
            splitline
            for splitline in page.splitlines()
            if splitline.startswith("desk_tickets_at_risk{")
        ]
        if moment == "09:40":
            story = story.resolved("09:45")
    assert [item.rpartition(" ")[2] for item in seen] == ["0.0", "1.0", "0.0"]
    assert all('desk_team="mail"' in item and "ticket-1" not in item for item in seen)


async def test_gauges_show_what_measures_say_of_the_same_days() -> None:
    """Open since long ago, done long ago, handed on, reopened, early today; looked at twice."""
    desk = Desk(NOW, PolicyBook(()))
    lives = [
        Story("2026-10-01 09:00").assigned("2026-10-01 09:05", "mail"),
        Story("2026-10-02 09:00").assigned("2026-10-02 09:05", "gone").resolved("2026-10-03 09:00"),
        Story("2026-11-04 09:00").assigned("2026-11-04 09:30", "mail"),
        Story("2026-11-20 09:00").assigned("2026-11-20 09:05", "mail").resolved("2026-11-21 09:00"),
        Story("2026-11-24 09:00")
        .assigned("2026-11-24 09:30", "mail")
        .assigned("2026-11-24 10:00", "net"),
        Story("2026-11-26 09:00").resolved("2026-11-26 11:00").reopened("2026-11-27 09:00"),
        Story("2026-11-30 09:00"),
    ]
    telemetry = record_telemetry().telemetry
    collections, meter = desk.collections, telemetry.metrics.get_meter("test")
    gauges = Gauges(meter, collections.buckets, desk.sums, collections.tickets, desk.clock)
    for number, life in enumerate(lives):
        await desk.tell(second(life, f"ticket-{number}"))
        await desk.at(NOW)
        await gauges.look()
    first = NOW.date() - timedelta(days=DAYS - 1)
    span = QuerySpan(micros(datetime.combine(first, time(), UTC)), micros(NOW), micros(NOW))
    expected = TotalsQuery([span], "team")
    async for day in days(collections.buckets, first, NOW.date(), NOW):
        expected.take(day)
    page = metrics_page(telemetry.registry)[0].decode()
    figures = {
        team or "none": figures_of(entry, span) for (_, team), entry in expected.totals().items()
    }
    assert figures["mail"]["backlog"] == 2
    for name, figure, _, _ in GAUGES:
        shown = _shown(page, name)
        measured = {
            team: entry[figure] for team, entry in figures.items() if entry[figure] is not None
        }
        # A team without any ticket in these days or open now is not shown.
        assert shown == {team: value for team, value in measured.items() if team != "gone"}, name


def _shown(page: str, name: str) -> dict[str, float]:
    """By team, whatever the unit has added to the name."""
    wanted = re.compile(
        name.replace(".", "_") + r"(?:_seconds|_ratio)?\{.*desk_team=\"(.+?)\".*\} (.+)"
    )
    matches = (wanted.fullmatch(line) for line in page.splitlines())
    return {item[1]: float(item[2]) for item in matches if item}


async def test_tickets_kept_without_these_facets_count_too() -> None:
    desk = Desk(NOW, PolicyBook(()))
    await desk.tell(Story("09:00").assigned("09:05", "mail").events)
    old = Schema(
        TICKETS.collection,
        TICKETS.model,
        facets=lambda ticket: {"open": ticket.is_open, "evaluated": ticket.evaluated},
        searched=TICKETS.searched,
    )
    before = FakeDocuments(old, desk.clock)
    await before.write(
        [replace(item, version=0) for item in await desk.collections.tickets.find({}, limit=9)]
    )
    telemetry = record_telemetry().telemetry
    meter = telemetry.metrics.get_meter("test")
    await Gauges(meter, desk.collections.buckets, desk.sums, before, desk.clock).look()
    page = metrics_page(telemetry.registry)[0].decode()
    assert _shown(page, "desk.tickets.backlog") == {"mail": 1}
