"""A request as people see it: what was asked, what waits for whom, and since when."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from desk_contracts.events.fulfilment import FulfilmentStatus
from desk_contracts.events.tickets import (
    Answer,
    ApprovalOutcome,
    State,
)
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message

from desk_intake.catalogue.charter import CatalogueItem
from desk_intake.tickets.approvals import ItemRequest, Vote
from desk_intake.tickets.fulfilment import FulfilmentRun
from desk_intake.tickets.model import Ticket

Answered = Literal["waiting", "yes", "no"]
Say = Callable[[Message], str]


class ItemView(Frozen):
    """Something that the caller may ask for."""

    name: str
    title: str
    description: str
    form: Mapping[str, Any]
    """JSON Schema (2020-12) of `answers`; nothing else is taken."""
    labels: Mapping[str, str]
    """What people call the form's fields."""
    own_device: str
    """The field that must name a device of the caller; empty if none does."""
    approvals_needed: int
    """How many must say yes; 0: nobody is asked."""
    ask_at: str
    """Where to ask for it."""


class VoteView(Frozen):
    """Somebody who is asked for a yes."""

    person: str
    instead_of: str
    """Who gave their vote to them; empty if it was theirs from the beginning."""
    answer: Answered
    """waiting, yes or no."""
    since: datetime
    """Since when they are asked."""
    at: datetime | None
    """When they answered."""
    reason: str


class FulfilmentView(Frozen):
    """A runbook that does what was asked for."""

    status: FulfilmentStatus
    """requested; started; done: verified afterwards; handed-over: people do it."""
    since: datetime
    until: datetime
    """The team has it then, if the runbook has not ended."""
    run: str
    """Its id in automation; empty before automation said anything."""
    reasons: tuple[str, ...]
    """Why it has not begun yet, or why people do it; empty otherwise."""


class RequestView(Frozen):
    """A request and how far it is."""

    id: str
    code: str
    item: str
    title: str
    requester: str
    answers: Mapping[str, Answer]
    digest: str
    """Digest of what was asked; a yes or no names it."""
    state: State
    waits_for: tuple[str, ...]
    """Whose answer is awaited; empty if nobody's."""
    waits_since: datetime | None
    until: datetime | None
    """When it is denied if too few have said yes; null if nobody is asked."""
    approvals_needed: int
    approvals: tuple[VoteView, ...]
    outcome: ApprovalOutcome | None
    """How the approval ended; null while it runs, and where nobody is asked."""
    run: FulfilmentView | None
    """How far the runbook is; null if people do it, and before it may begin."""
    fulfilled_by: str
    """The team that does it, or answers for the runbook that does."""
    requested_at: datetime
    ticket_url: str


def show_item(item: CatalogueItem, language: str) -> ItemView:
    """An item in the reader's language."""
    recovery = item.fulfilment.recovery
    return ItemView(
        name=item.name,
        title=item.title.spoken(language),
        description=item.description.spoken(language),
        form={**item.form, "additionalProperties": False},
        labels={name: words.spoken(language) for name, words in item.labels.items()},
        own_device=item.own_device or "",
        approvals_needed=item.approval.needed if item.approval else 0,
        ask_at="/v1/account-recoveries" if recovery else f"/v1/catalogue/{item.name}/requests",
    )


def show_request(ticket: Ticket, request: ItemRequest, say: Say) -> RequestView:
    """The request of a ticket, in the reader's language."""
    is_pending = ticket.awaits_approval
    waiting = [vote for vote in request.votes if is_pending and vote.is_granted is None]
    return RequestView(
        id=ticket.id,
        code=ticket.code,
        item=request.item,
        title=ticket.title,
        requester=ticket.requester,
        answers=request.answers,
        digest=request.digest,
        state=ticket.state,
        waits_for=tuple(vote.person for vote in waiting),
        waits_since=min((vote.since for vote in waiting), default=None),
        until=request.until,
        approvals_needed=request.needed,
        approvals=tuple(map(_show_vote, request.votes)),
        outcome=request.outcome,
        run=_show_fulfilment(request.fulfilment, say) if request.fulfilment else None,
        fulfilled_by=request.team,
        requested_at=ticket.requested_at,
        ticket_url=f"/v1/tickets/{ticket.id}",
    )


def _show_fulfilment(fulfilment: FulfilmentRun, say: Say) -> FulfilmentView:
    return FulfilmentView(
        status=fulfilment.status,
        since=fulfilment.since,
        until=fulfilment.until,
        run=fulfilment.run,
        reasons=tuple(map(say, fulfilment.explanation)),
    )


def _show_vote(vote: Vote) -> VoteView:
    answer: Answered = "waiting"
    if vote.is_granted is not None:
        answer = "yes" if vote.is_granted else "no"
    return VoteView(
        person=vote.person,
        instead_of=vote.of,
        answer=answer,
        since=vote.since,
        at=vote.at,
        reason=vote.reason,
    )
