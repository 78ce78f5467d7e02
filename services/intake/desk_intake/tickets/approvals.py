"""Requests for an item of the catalogue: what was asked, who says yes or no to it, and how it ends.

Silence is no consent: what nobody decided by its deadline is denied. A vote is bound to what was
asked by its digest, so nobody approves something else than what they read.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts import Payload
from desk_contracts.errors import Forbidden, Rejected
from desk_contracts.events.fulfilment import TicketApprovalRequested
from desk_contracts.events.tickets import (
    Answer,
    ApprovalOutcome,
    How,
    State,
    TicketApprovalConcluded,
    TicketApprovalDecided,
    TicketApprovalDelegated,
    TicketItemRequested,
    TicketPaused,
    TicketResolved,
    TicketResumed,
    WaitingFor,
)
from desk_contracts.frozen import Frozen
from desk_contracts.message import message, verbatim
from pydantic import Field

from desk_intake.tickets.fulfilment import FulfilmentRun, WorkOrder, give_out

DESK = "desk"

# What would go round those who still have to say yes.
_NOT_BEFORE_APPROVAL = frozenset({"paused", "resumed", "assigned", "merged", "split"})


class Vote(Frozen):
    """An approver: who has the vote now, since when, and what they statement."""

    person: str
    since: datetime
    of: str = ""
    """Who gave the vote to them."""
    is_granted: bool | None = None
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What an approver says, of what they read."""

    by: str
    digest: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What a ticket says of its request."""

    code: str
    person: str
    title: str
    device: str = ""
    service: str = ""


class ItemRequest(Frozen):
    """What a ticket asks of the catalogue."""

    item: str
    answers: dict[str, Answer]
    digest: str
    team: str
    runbook: str = ""
    run_within: timedelta = timedelta(hours=1)
    fulfilment: FulfilmentRun | None = None
    needed: int = 0
    until: datetime | None = None
    # When those who have not answered are asked once more; None once they were.
    remind_at: datetime | None = None
    may_delegate: bool = False
    votes: tuple[Vote, ...] = Field(default=())
    outcome: ApprovalOutcome | None = None

    @property
    def is_pending(self) -> bool:
        """Whether somebody still has to say yes."""
        return self.needed > 0 and self.outcome is None

    @property
    def may_be_fulfilled(self) -> bool:
        """Whether nothing stands in the way: nobody had to be asked, or enough said yes."""
        return self.needed == 0 or self.outcome is ApprovalOutcome.APPROVED

    def find_vote(self, person: str) -> Vote | None:
        """The vote that the person has now."""
        return next((vote for vote in self.votes if vote.person == person), None)

    def is_approver(self, person: str) -> bool:
        """Whether they have a vote, or had one and gave it to somebody else."""
        return any(person in (vote.person, vote.of) for vote in self.votes)


def digest_of(item: Mapping[str, object], requester: str, answers: Mapping[str, Answer]) -> str:
    """What approvals are bound to: the item as it was offered, who asks, and what they wrote."""
    parts = [item, requester, {name: answers[name] for name in sorted(answers)}]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def begin(data: TicketItemRequested, at: datetime) -> ItemRequest:
    """The request as its event tells it."""
    request = ItemRequest(
        item=data.item,
        answers=data.answers,
        digest=data.digest,
        team=data.team,
        runbook=data.runbook,
        run_within=timedelta(seconds=data.run_within_s),
    )
    if data.approval is None:
        return request
    votes = tuple(Vote(person=person, since=at) for person in data.approval.approvers)
    return request.model_copy(
        update={
            "needed": data.approval.needed,
            "until": data.approval.until,
            "remind_at": at + (data.approval.until - at) / 2,
            "may_delegate": data.approval.may_delegate,
            "votes": votes,
        }
    )


def with_decision(request: ItemRequest, data: TicketApprovalDecided, at: datetime) -> ItemRequest:
    """The request after a yes or no."""
    update = {"is_granted": data.is_granted, "at": at, "reason": data.reason}
    return _with_vote(request, data.by, update)


def with_delegation(
    request: ItemRequest, data: TicketApprovalDelegated, at: datetime
) -> ItemRequest:
    """The request with a vote in other hands."""
    return _with_vote(request, data.by, {"person": data.to, "of": data.by, "since": at})


def _with_vote(request: ItemRequest, person: str, update: Mapping[str, object]) -> ItemRequest:
    votes = tuple(
        vote.model_copy(update=update) if vote.person == person else vote for vote in request.votes
    )
    return request.model_copy(update={"votes": votes})


def ask(data: TicketItemRequested, about: AskedFor, now: datetime) -> list[Payload]:
    """What follows the opening of the ticket: somebody is asked, or the work is given out."""
    if data.approval is None:
        return [data, give_out(_order(begin(data, now), about), now)]
    approval = data.approval
    paused = TicketPaused(waiting_for=WaitingFor.APPROVAL, by=DESK, until=approval.until)
    return [data, paused, _ask_approvers(approval.approvers, approval.until, about)]


def _ask_approvers(
    approvers: tuple[str, ...], until: datetime, about: AskedFor, *, is_reminder: bool = False
) -> TicketApprovalRequested:
    return TicketApprovalRequested(
        approvers=approvers,
        until=until,
        code=about.code,
        title=about.title,
        requester=about.person,
        is_reminder=is_reminder,
    )


def remind(request: ItemRequest, about: AskedFor) -> list[Payload]:
    """Who has not answered by half-time is asked once more."""
    silent = tuple(vote.person for vote in request.votes if vote.is_granted is None)
    if request.until is None or not silent:
        return []
    return [_ask_approvers(silent, request.until, about, is_reminder=True)]


def decide(
    request: ItemRequest | None,
    state: State,
    statement: Statement,
    about: AskedFor,
    *,
    is_granted: bool,
) -> list[Payload]:
    """A yes or a no. The last one that was needed ends the approval."""
    request = _check(request, state, statement)
    by, digest = statement.by, statement.digest
    decided = TicketApprovalDecided(
        by=by, digest=digest, is_granted=is_granted, reason=statement.reason
    )
    after = with_decision(request, decided, statement.at)
    granted = sum(vote.is_granted is True for vote in after.votes)
    possible = sum(vote.is_granted is not False for vote in after.votes)
    if granted >= request.needed:
        return [
            decided,
            TicketApprovalConcluded(outcome=ApprovalOutcome.APPROVED, digest=digest),
            TicketResumed(by=by),
            give_out(_order(request, about), statement.at),
        ]
    if possible >= request.needed:
        return [decided]
    why = message("resolution.denied", by=by)
    if statement.reason:
        why = message("resolution.denied-because", by=by, reason=verbatim(statement.reason))
    return [
        decided,
        TicketApprovalConcluded(outcome=ApprovalOutcome.DENIED, digest=digest),
        TicketResolved(by=by, how=How.DENIED, resolution=why),
    ]


def delegate(
    request: ItemRequest | None, state: State, statement: Statement, about: AskedFor, *, to: str
) -> list[Payload]:
    """A vote is given to somebody else, who has none yet and is not who asks."""
    request = _check(request, state, statement)
    if not request.may_delegate:
        raise Rejected(message("refused.no-delegation", item=request.item), code="no-delegation")
    if to == about.person:
        raise Rejected(message("refused.own-request"), code="own-request")
    if to == statement.by or request.is_approver(to):
        raise Rejected(message("refused.has-vote", person=to), code="has-vote", person=to)
    delegated = TicketApprovalDelegated(
        by=statement.by, to=to, digest=statement.digest, reason=statement.reason
    )
    return [delegated, *([_ask_approvers((to,), request.until, about)] if request.until else [])]


def expire(request: ItemRequest) -> list[Payload]:
    """Its time has passed without enough votes: that is a no, and is statement."""
    silent = [vote.person for vote in request.votes if vote.is_granted is None]
    return [
        TicketApprovalConcluded(outcome=ApprovalOutcome.EXPIRED, digest=request.digest),
        TicketResolved(
            by=DESK,
            how=How.DENIED,
            resolution=message("resolution.approval-expired", silent=silent),
        ),
    ]


def _order(request: ItemRequest, about: AskedFor) -> WorkOrder:
    return WorkOrder(
        item=request.item,
        team=request.team,
        runbook=request.runbook,
        within=request.run_within,
        answers=request.answers,
        person=about.person,
        title=about.title,
        device=about.device,
        service=about.service,
    )


def _check(request: ItemRequest | None, state: State, statement: Statement) -> ItemRequest:
    """The request; `Rejected` unless this person has a vote in it that can be used now."""
    if request is None or not request.needed:
        raise Rejected(message("refused.no-approval"), code="no-approval")
    vote = request.find_vote(statement.by)
    if vote is None:
        given = next((other for other in request.votes if other.of == statement.by), None)
        if given is not None:
            why = message("refused.vote-given-away", person=given.person)
            raise Forbidden(why, code="vote-given-away", person=given.person)
        raise Forbidden(message("refused.no-approver"), code="no-approver")
    if statement.digest != request.digest:
        raise Rejected(message("refused.other-request"), code="other-request")
    is_late = request.until is not None and statement.at >= request.until
    if state is not State.WAITING or not request.is_pending or is_late:
        raise Rejected(message("refused.approval-over"), code="approval-over")
    if vote.is_granted is not None:
        raise Rejected(message("refused.decided-already"), code="decided-already")
    return request


def check_action(
    request: ItemRequest | None, state: State, action: str, code: str, *, by_staff: bool
) -> None:
    """Refuse what would go round an approval that is awaited, or was not given."""
    if request is None:
        return
    is_awaited = request.is_pending and state is State.WAITING
    is_by_staff = by_staff and action == "resolved"
    if is_awaited and (is_by_staff or action in _NOT_BEFORE_APPROVAL):
        raise Rejected(message("refused.awaits-approval", code=code), code="awaits-approval")
    if action == "reopened" and not request.may_be_fulfilled:
        raise Rejected(message("refused.not-approved", code=code), code="not-approved")
