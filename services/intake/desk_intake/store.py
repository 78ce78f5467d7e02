"""How intake's collections are kept and searched; who writes them is in `main`."""

from desk_shared.store import Schema

from desk_intake.domain.feedback import Feedback
from desk_intake.domain.model import Ticket
from desk_intake.domain.problem import KnownProblem
from desk_intake.domain.sla import TicketSla


def _ticket_facets(ticket: Ticket) -> dict[str, object]:
    return {
        "code": ticket.code,
        "requester": ticket.requester,
        "team": ticket.team,
        "state": ticket.state.value,
        "open": ticket.is_open,
        "service": ticket.service,
        "opened": ticket.opened_at,
        "updated": ticket.updated_at,
        "newest": ticket.newest,
        "sequence": ticket.sequence,  # what `desk audit` compares with the log
    }


# All that a summary does not show and that people can make long.
_LONG: dict[str, object] = {
    "description": "",
    "attributes": {},
    "links": (),
    "resolution": None,
    "cause": "",
    "timeline": (),
    "commands": (),
}

TICKETS = Schema(
    collection="tickets",
    model=Ticket,
    facets=_ticket_facets,
    brief=lambda ticket: ticket.model_copy(update=_LONG),
    searched=(
        ("requester", "newest"),
        ("team", "open", "newest"),
        ("state", "newest"),
        ("service", "newest"),
        ("newest",),
    ),
    unique=("code",),
)

SLAS = Schema(collection="slas", model=TicketSla)

FEEDBACK = Schema(collection="feedback", model=Feedback)

PROBLEMS = Schema(
    collection="problems",
    model=KnownProblem,
    facets=lambda problem: {"open": problem.is_open, "since": problem.since},
    searched=(("open", "since"),),
)
