"""The five collections of notify."""

from collections.abc import Mapping

from desk_shared.store import Schema

from desk_notify.domain.mailboxes import Mailbox
from desk_notify.domain.model import Dispatch, Matter, Person, Ticket


def _facets(dispatch: Dispatch) -> Mapping[str, object]:
    return {"recipient": dispatch.recipient, "at": dispatch.happened_at}


TICKETS = Schema("tickets", Ticket)
PEOPLE = Schema("people", Person)
MATTERS = Schema("matters", Matter)
MAILBOXES = Schema("mailboxes", Mailbox)
DELIVERIES = Schema(
    "deliveries",
    Dispatch,
    facets=_facets,
    brief=lambda dispatch: dispatch.model_copy(update={"body": ""}),
    searched=(("recipient", "at"), ("at",)),
)
