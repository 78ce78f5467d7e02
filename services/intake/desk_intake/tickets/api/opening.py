"""From what a caller sent to the event that opens a ticket, for one and for many."""

from desk_contracts.errors import Forbidden
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.message import message
from desk_contracts.people import canonical_person, find_other_spelling
from desk_platform.http import Principal

from desk_intake.tickets.api.bodies import NewTicket
from desk_intake.tickets.lifecycle import Actor


def check_claims(body: NewTicket, actor: Actor) -> None:
    """`Forbidden` for what only staff may say of a new ticket."""
    if actor.is_staff:
        return
    if body.requester is not None and canonical_person(body.requester) != actor.id:
        raise Forbidden(message("refused.help-for-others"))
    if body.group:
        raise Forbidden(message("refused.group-by-staff"))


def read_opening(body: NewTicket, code: str, caller: Principal) -> TicketOpened:
    """The event that a body asks for."""
    written = body.requester or caller.written
    person = canonical_person(written)
    return TicketOpened(
        code=code,
        kind=body.kind,
        title=body.title,
        description=body.description,
        requester=person,
        requester_written=find_other_spelling(written, person),
        channel=body.channel,
        service=body.service,
        device=body.device,
        site=body.site,
        group=body.group,
        impact=body.impact,
        urgency=body.urgency,
        language=body.language,
        attributes=body.attributes,
    )
