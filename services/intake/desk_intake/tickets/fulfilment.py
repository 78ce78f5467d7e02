"""How a runbook does what was asked for: it is begun, its end comes back, or people get it.

The team that answers for the runbook gets the ticket whenever the run did not verifiably succeed,
and at the latest when its time is over: no answer is no success.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts import Payload
from desk_contracts.events.fulfilment import (
    FulfilmentStatus,
    TicketFulfilmentReported,
    TicketFulfilmentRequested,
    TicketFulfilmentWithdrawn,
)
from desk_contracts.events.tickets import (
    Answer,
    TicketAssigned,
)
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message, message

# Why its team has it: the catalogue knows better than triage, which leaves the team alone.
BY_CATALOGUE = "routing.item-of-catalogue"
BY_RUN = "routing.run-did-not-fulfil"
_OVER = frozenset({FulfilmentStatus.DONE, FulfilmentStatus.HANDED_OVER})


class FulfilmentRun(Frozen):
    """The run that does what was asked for, as far as is known."""

    runbook: str
    status: FulfilmentStatus
    since: datetime
    until: datetime
    run: str = ""
    device: str = ""
    service: str = ""
    explanation: tuple[Message, ...] = ()

    @property
    def is_under_way(self) -> bool:
        """Whether the runbook still has it, and no team."""
        return self.status not in _OVER


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """What is to be done, for whom, and who answers for it."""

    item: str
    team: str
    runbook: str
    within: timedelta
    answers: dict[str, Answer]
    person: str
    title: str
    device: str = ""
    service: str = ""


def give_out(order: WorkOrder, now: datetime) -> Payload:
    """The runbook begins, or the team has it."""
    if not order.runbook:
        why = message("routing.item-of-catalogue", item=order.item)
        return TicketAssigned(team=order.team, explanation=(why,))
    return TicketFulfilmentRequested(
        runbook=order.runbook,
        item=order.item,
        person=order.person,
        answers=order.answers,
        device=order.device,
        service=order.service,
        title=order.title,
        until=now + order.within,
    )


def begin(data: TicketFulfilmentRequested, at: datetime) -> FulfilmentRun:
    """The run as it was asked for."""
    return FulfilmentRun(
        runbook=data.runbook,
        status=FulfilmentStatus.REQUESTED,
        since=at,
        until=data.until,
        device=data.device,
        service=data.service,
    )


def with_report(
    fulfilment: FulfilmentRun, data: TicketFulfilmentReported, at: datetime
) -> FulfilmentRun:
    """The run after what was reported of it."""
    return fulfilment.model_copy(
        update={
            "status": data.status,
            "since": at,
            "run": data.run or fulfilment.run,
            "explanation": data.explanation,
        }
    )


def report(
    fulfilment: FulfilmentRun, status: FulfilmentStatus, run: str, *why: Message
) -> TicketFulfilmentReported:
    """What became of the run."""
    return TicketFulfilmentReported(
        status=status, runbook=fulfilment.runbook, run=run, explanation=why
    )


def hand_over(
    fulfilment: FulfilmentRun, team: str, item: str, run: str, *why: Message
) -> list[Payload]:
    """People do it now; `team` is empty where somebody has the ticket already."""
    handed = report(fulfilment, FulfilmentStatus.HANDED_OVER, run, *why)
    if not team:
        return [handed]
    return [
        handed,
        TicketAssigned(
            team=team, explanation=(message("routing.run-did-not-fulfil", item=item), *why)
        ),
    ]


def withdraw(fulfilment: FulfilmentRun | None) -> list[Payload]:
    """The ticket ended in another way; a run that has not acted yet does not begin to."""
    if fulfilment is None or not fulfilment.is_under_way:
        return []
    return [
        TicketFulfilmentWithdrawn(
            runbook=fulfilment.runbook, device=fulfilment.device, service=fulfilment.service
        )
    ]
