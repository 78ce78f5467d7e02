"""Shared by tests: metrics, goals api."""

from datetime import UTC, datetime
from pathlib import Path

from desk_contracts import AnyEvent
from desk_contracts.events.tickets import TicketStarted

from tests.support.metrics_story import Story

ROOT = Path(__file__).parents[2]


FIRST = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday


GOALS = """\
goals:
  - name: half-the-vpn
    title: Half the tickets about VPN
    measure: contacts
    where: {services: [vpn]}
    direction: down
    target: {times_baseline: 0.5}
    baseline: {from: 2026-06-01, to: 2026-08-23}
    due: 2027-08-22
"""


def life(number: int, day: datetime, service: str) -> list[AnyEvent]:
    """Opened at ten in Berlin, taken up at 10:20, done at eleven."""
    date = f"{day:%Y-%m-%d}"
    story = Story(f"{date} 10:00", service=service).assigned(f"{date} 10:05", "network")
    story = story.say(f"{date} 10:20", TicketStarted(by="bo")).resolved(f"{date} 11:00")
    ticket = f"ticket-{number}"
    return [event._replace(id=f"{ticket}-{event.id}", subject=ticket) for event in story.events]
