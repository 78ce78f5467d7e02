"""A ticket as callers name it: by its id, or by the code that people say."""

from desk_contracts.errors import Invalid
from desk_contracts.ids import is_code, read_ticket_ref
from desk_contracts.message import message

from desk_platform.store import Documents, Stored
from desk_platform.store.document import S


def ticket_asked(text: str) -> str:
    """The id or the canonical code that somebody typed; a refusal in their language if neither."""
    try:
        return read_ticket_ref(text)
    except Invalid as error:
        reason = message("request.no-ticket-code", code=text)
        if error.kind == "mistyped-code":
            reason = message("request.mistyped-code", code=text)
        raise Invalid(reason, code="bad-code") from error


async def find_ticket(documents: Documents[S], ref: str) -> Stored[S] | None:
    """The ticket of an id or code as `ticket_asked` gives it; its collection has `code` as facet.

    Each service that keeps tickets looks among its own: a code cannot be turned into the id.
    """
    if is_code(ref):
        return next(iter(await documents.find({"code": ref}, limit=1)), None)
    return (await documents.load([ref])).get(ref)
