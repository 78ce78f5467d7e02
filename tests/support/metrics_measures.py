"""Shared by tests: metrics, measures."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from desk_contracts import AnyEvent, Payload
from desk_contracts.events.tickets import TicketOpened
from desk_metrics.measures.figures import Figures, figures_of
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.totals import spans_of, totals_of
from desk_metrics.sla.policies import PolicyBook

from tests.support.metrics_desk import Desk
from tests.support.metrics_story import REQUESTER, Story

MONDAY, TUESDAY = "2026-11-23", "2026-11-24"


NOW = datetime(2026, 12, 1, tzinfo=UTC)


NOBODY = PolicyBook(())


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def buckets_of(*lives: Iterable[AnyEvent], policies: PolicyBook = NOBODY) -> list[Bucket]:
    desk = Desk(NOW, policies)
    for life in lives:
        await desk.tell(life)
    await desk.at(NOW)
    return await desk.buckets()


async def figures(
    *lives: Iterable[AnyEvent],
    day: str = MONDAY,
    as_of: datetime = NOW,
    policies: PolicyBook = NOBODY,
    cost: float = 0,
) -> Figures:
    (span,) = spans_of(utc(day), utc(day) + timedelta(days=1), 1, as_of)
    buckets = await buckets_of(*lives, policies=policies)
    return figures_of(totals_of(buckets, [span], "")[span, ""], span, 100, cost)


def second(story: Story, ticket: str = "ticket-2", who: str = "") -> list[AnyEvent]:
    """The same life of another ticket, of another person unless the story names one."""
    return [
        event._replace(
            id=f"{ticket}-{event.id}", subject=ticket, data=_another(event.data, ticket, who)
        )
        for event in story.events
    ]


def _another(data: Payload, ticket: str, who: str) -> Payload:
    if not isinstance(data, TicketOpened) or data.requester != REQUESTER:
        return data
    return data.model_copy(update={"requester": who or f"{REQUESTER}-{ticket}"})
