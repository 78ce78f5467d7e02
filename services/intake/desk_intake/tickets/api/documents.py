"""One safe change of a document beside tickets: done once, however often its call is repeated."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from desk_kernel import Context, Decision
from desk_platform.http import check_same
from desk_platform.http.idempotency import IdempotentCall
from desk_platform.store import Stored
from fastapi import Request

from desk_intake.tickets.api.calls import cause_of_call, command_of, once, origin_of
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.calls import Document, Recalled
from desk_intake.tickets.record import Cause

D = TypeVar("D", bound=Document)


class DocumentChanges(Protocol[D]):
    """The way to change one document; answers when it is safe in the store."""

    async def change(
        self, id: str, rule: Callable[[D | None, Context], Decision[D] | None]
    ) -> Stored[D]: ...


async def change_document(
    deps: TicketDeps,
    changes: DocumentChanges[D],
    request: Request,
    call: IdempotentCall,
    id: str,
    decide: Callable[[D | None, Cause], Decision[D]],
) -> D:
    """The document after what is decided; a call that was carried out before does nothing."""

    def rule(recalled: Recalled, state: D | None, context: Context) -> Decision[D] | None:
        fingerprint = state.find_fingerprint(call.seed, recalled) if state else None
        if fingerprint is not None:
            check_same(call, fingerprint)
            return None
        decision = decide(state, cause_of_call(origin_of(request), call, id, context))
        command = command_of(call, context)
        return decision._replace(state=decision.state.with_command(command, recalled))

    stored = await once(deps, call, lambda recalled: changes.change(id, partial(rule, recalled)))
    if stored.state is None:
        raise LookupError(f"the rule left no document {id}")
    return stored.state
