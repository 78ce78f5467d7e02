"""How tickets begin: by another system's request, or by a repair that did not work."""

from desk_contracts import AnyEvent, Payload
from desk_contracts.events.automation import RunEscalated
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.tickets import (
    Channel,
    Kind,
    LinkKind,
    TicketAssigned,
    TicketLinked,
    TicketOpened,
)
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.people import canonical_person, find_other_spelling, person_or

from desk_intake.tickets.evidence import cut, describe_run, say_of_run


def proactive_ticket(run: str) -> str:
    """The one ticket that a repair can be escalated with."""
    return derive_id(run, "ticket-of-run")


def from_request(
    data: TicketRequested, code: str, amended: tuple[str, ...] = (), told_time: str = ""
) -> list[Payload]:
    """A ticket as another system asked for it, and what of that was made to fit."""
    return [
        TicketOpened(
            code=code,
            kind=data.kind,
            title=data.title,
            description=cut(data.description),
            requester=(person := canonical_person(data.requester)),
            requester_written=find_other_spelling(data.requester, person),
            channel=Channel.EVENT,
            service=data.service,
            device=data.device,
            site=data.site,
            impact=data.impact,
            urgency=data.urgency,
            language=data.language,
            attributes=data.attributes,
            amended=amended,
            told_time=told_time,
        )
    ]


def from_run(fact: AnyEvent, data: RunEscalated, code: str) -> list[Payload]:
    """A ticket for the owner team, with everything the repair saw."""
    reason = message("routing.repair-escalated", title=data.title, team=data.team)
    opened: list[Payload] = [
        TicketOpened(
            code=code,
            kind=Kind.PROACTIVE,
            title=data.title,
            requester=person_or(data.person, data.team),
            channel=Channel.DESK,
            service=data.service,
            device=data.device,
            site=data.site,
            attributes={
                "run": data.run,
                "runbook": data.runbook,
                "outcome": data.outcome,
                "team": data.team,
                "target": fact.subject,
            },
        ),
        TicketLinked(
            kind=LinkKind.RUN,
            target=data.run,
            message=message("link.repair-tried-first", title=data.title),
        ),
        describe_run(data),
        *say_of_run(data),
    ]
    opened.append(TicketAssigned(team=data.team, explanation=(reason,)))
    return opened


def from_taken_run(data: RunEscalated) -> list[Payload]:
    """What the desk had done on the device, for the person who took it over with their ticket."""
    linked = TicketLinked(
        kind=LinkKind.RUN,
        target=data.run,
        message=message("link.repair-tried-first", title=data.title),
    )
    return [linked, describe_run(data)]
