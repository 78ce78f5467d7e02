"""Somebody's request waits for a yes, and somebody's demand is answered."""

from collections.abc import Iterator
from datetime import timedelta

from desk_contracts.events import feedback
from desk_contracts.events.fulfilment import TicketApprovalRequested
from desk_contracts.events.notifications import Notified

from tests.support.notify_desk import ANA, BEN, NOON, Story


def approval_requested(*approvers: str, is_reminder: bool = False) -> TicketApprovalRequested:
    return TicketApprovalRequested(
        approvers=approvers or (ANA,), until=NOON + timedelta(days=3), code="K7M2-Q9PG",
        title="Hardware", requester=BEN, is_reminder=is_reminder,
    )  # fmt: skip


def tell_approvers(story: Story) -> Iterator[Notified]:
    """The first message, and the reminder."""
    for is_reminder in (False, True):
        yield from story.happens(approval_requested(is_reminder=is_reminder), "t-9")


def tell_demands(story: Story) -> Iterator[Notified]:
    """What becomes of a demand."""
    yield from story.happens(
        feedback.DemandAnswered(
            demand="d-1", what="a quiet room", verdict=feedback.DemandVerdict.PLANNED,
            text="Two rooms are rebuilt by September.", by="an.owner", people=(ANA,),
        ),
        "a quiet room",
    )  # fmt: skip
    for demand, service in (("d-1", ""), ("d-2", "vpn")):
        overdue = feedback.DemandReminded(
            demand=demand, what=service or "a quiet room", service=service, votes=3, due=NOON
        )
        yield from story.happens(overdue, overdue.what)
        assert not list(story.happens(overdue, overdue.what)), "nobody is nagged"
