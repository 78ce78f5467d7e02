"""`POST /v1/tickets:batch`: many tickets in one call, each for itself, with a result for each."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any

from desk_contracts import Payload
from desk_contracts.errors import DeskError, Transient
from desk_contracts.frozen import Frozen, example
from desk_contracts.message import message
from desk_contracts.mistakes import list_mistakes
from desk_platform.http import Principal, RequestModel
from desk_platform.http.fields import FieldProblem, field_problem
from desk_platform.http.idempotency import IdempotentCall
from desk_platform.http.language import sentence
from desk_platform.http.problems import MAX_ERRORS, detail_of, problem
from desk_platform.kafka.retry import attempt_value
from desk_platform.telemetry import get_logger
from fastapi import APIRouter, Request
from pydantic import Field, ValidationError
from starlette.responses import JSONResponse, Response

from desk_intake.tickets.api.bodies import NewTicket
from desk_intake.tickets.api.calls import Call, Caller, actor_of, open_once, origin_of
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.api.opening import check_claims, read_opening
from desk_intake.tickets.model import Ticket

log = get_logger()

# With the body's own limit this bounds what one call may cost.
MOST_ROWS = 100


class TicketRow(NewTicket):
    """One ticket of a batch."""

    key: Annotated[str, Field(max_length=255)] = ""
    """What the ticket is known by at the caller's: the same key never opens a second one, in
    whatever batch it comes. Left out: its place in this very call, which is then sent again whole.
    """


class TicketBatch(RequestModel):
    """Tickets to be opened."""

    model_config = example(tickets=[{"key": "row-1", "title": "The VPN does not connect"}])

    tickets: tuple[dict[str, Any], ...] = Field(min_length=1, max_length=MOST_ROWS)
    """The tickets, each with the fields of one that is opened alone, and a `key` of its own."""


class RowResult(Frozen):
    """What became of one row."""

    index: int
    """Its place in the batch, counted from 0."""
    status: int
    """201 where there is a ticket; else what the call for this ticket alone would have got."""
    key: str = ""
    """Its key, if it has one."""
    id: str | None = None
    """Id of its ticket."""
    ticket: str | None = None
    """Code of its ticket, as people say it."""
    code: str | None = None
    """Why there is none, for machines."""
    detail: str | None = None
    """Why there is none and what to do, as a sentence."""
    errors: tuple[FieldProblem, ...] = ()
    """What is wrong field by field."""


class BatchAnswer(Frozen):
    """What was opened, and why the rest was not."""

    opened: int
    """How many rows have a ticket."""
    refused: int
    """How many have none."""
    results: tuple[RowResult, ...]
    """One for each row, in their order."""


def batch_router(deps: TicketDeps) -> APIRouter:
    """`POST /v1/tickets:batch`."""
    router = APIRouter(prefix="/v1", tags=["tickets"])

    @router.post(
        "/tickets:batch",
        status_code=201,
        summary="Ask for help for many",
        responses={
            201: {"model": BatchAnswer, "description": "Every row has its ticket."},
            207: {"model": BatchAnswer, "description": "Some rows have; the rest says why not."},
        },
    )
    async def open_tickets(
        request: Request, body: TicketBatch, caller: Caller, call: Call
    ) -> Response:
        """Opens a ticket for each row, and one that cannot be opened holds up no other. Send the
        same again after 503 or a lost answer: rows that have their ticket get no second one.
        """
        rows = enumerate(body.tickets)
        work = (_open_row(deps, request, caller, call, index, row) for index, row in rows)
        return _answer(request, await asyncio.gather(*work))

    return router


async def _open_row(
    deps: TicketDeps,
    request: Request,
    caller: Principal,
    call: IdempotentCall,
    index: int,
    given: dict[str, Any],
) -> RowResult:
    key = given.get("key")
    # Half a character can be sent and not be answered.
    written = key.encode(errors="replace").decode() if isinstance(key, str) else ""
    result = RowResult(index=index, status=201, key=written)
    try:
        row = TicketRow.model_validate(given)
    except ValidationError as error:
        wrong = list_mistakes(error.errors())
        errors = tuple(field_problem(item, given) for item in wrong[:MAX_ERRORS])
        why = sentence(message("request.wrong-fields", count=len(wrong)))
        return _refuse(result, 422, "invalid-request", why, errors)
    opened = await attempt_value(
        _open_ticket(deps, request, row, caller, _call_of(caller, call, index, row))
    )
    if isinstance(opened, DeskError):
        return _refuse(result, opened.status, opened.kind, detail_of(opened))
    if isinstance(opened, Exception):
        log.error("row_failed", index=index, exc_info=opened)
        why = sentence(message("request.unforeseen"))
        return _refuse(result, 500, "internal-error", why)
    return result.model_copy(update={"id": opened.id, "ticket": opened.code})


async def _open_ticket(
    deps: TicketDeps, request: Request, row: TicketRow, caller: Principal, call: IdempotentCall
) -> Ticket:
    check_claims(row, actor_of(request, caller))

    def build(code: str) -> list[Payload]:
        return [read_opening(row, code, caller)]

    ticket, _ = await open_once(deps, call, origin_of(request), build)
    return ticket


def _call_of(caller: Principal, call: IdempotentCall, index: int, row: TicketRow) -> IdempotentCall:
    """A row is a call of its own: by its key, else by its place in the whole call."""
    name, fingerprint = f"place\n{call.seed}\n{index}", call.fingerprint
    if row.key:
        content = json.dumps(row.model_dump(mode="json", exclude={"key"}), sort_keys=True)
        name = f"key\n{row.key}"
        fingerprint = hashlib.sha256(content.encode()).hexdigest()
    seed = f"{caller.subject}\nrow of a batch\n{name}"
    return IdempotentCall(hashlib.sha256(seed.encode()).hexdigest(), fingerprint)


def _refuse(
    result: RowResult,
    status: int,
    code: str,
    detail: str,
    errors: tuple[FieldProblem, ...] = (),
) -> RowResult:
    why = {"status": status, "code": code, "detail": detail, "errors": errors}
    return result.model_copy(update=why)


def _answer(request: Request, results: Sequence[RowResult]) -> Response:
    refused = [result for result in results if result.id is None]
    answer = BatchAnswer(
        opened=len(results) - len(refused), refused=len(refused), results=tuple(results)
    )
    plain = answer.model_dump(mode="json", exclude_none=True)
    if not refused or answer.opened:
        return JSONResponse(plain, 207 if refused else 201)
    first = refused[0]
    status, code, why = first.status, str(first.code), str(first.detail)
    if len({(result.status, result.code) for result in refused}) > 1:
        status, code = 422, "no-ticket-opened"
        why = sentence(message("batch.none-opened", count=len(refused)))
    headers = {"Retry-After": "1"} if status == Transient.status else {}
    return problem(status, code, why, request.url.path, extra=plain, headers=headers)
