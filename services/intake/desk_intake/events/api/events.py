"""The way in for systems that need not speak Kafka: CloudEvents over HTTP, published for them.

What is taken goes to the same topics, under the system's own source, and through the same door.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from desk_charter import Charter
from desk_charter.publishers import PUBLISHERS
from desk_charter.sources import OutsideSystem
from desk_contracts.errors import DeskError, Forbidden, Invalid
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_platform.clock import Clock
from desk_platform.http import Principal
from desk_platform.http.cloudevents import MOST_EVENTS, read_sent_events
from desk_platform.http.language import sentence
from desk_platform.http.problems import detail_of, problem
from desk_platform.kafka import Publisher
from desk_platform.store import Documents, Stored
from desk_platform.telemetry import get_logger
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from desk_intake.events.api.posted import (
    FOREIGN,
    Outcome,
    Taken,
    judge_event,
    to_publish,
    without_contradictions,
)
from desk_intake.tickets.model import Ticket

log = get_logger()

# Refusals of who sent an event, rather than of what it says.
_OF_SENDER = frozenset({FOREIGN, "not-allowed-for-source", "reserved-source"})


class EventResult(Frozen):
    """What became of one event."""

    index: int
    """Its place in the batch, counted from 0."""
    accepted: bool
    """Whether the bus has it."""
    id: str | None = None
    """Its id, if it could be read."""
    ticket: str | None = None
    """Id of the ticket that it opens, if it asks for one."""
    amended: tuple[str, ...] = ()
    """Fields that were made to fit."""
    code: str | None = None
    """Why it was refused, for machines."""
    detail: str | None = None
    """Why it was refused and what to do, as a sentence."""


class EventsAnswer(Frozen):
    """What was accepted, and why the rest was not."""

    accepted: int
    """How many the bus has."""
    refused: int
    """How many will never be taken as they are."""
    results: tuple[EventResult, ...]
    """One for each event, in their order."""


_EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "maxLength": 512},
        "source": {"type": "string", "maxLength": 512},
        "type": {"type": "string"},
        "subject": {"type": "string", "maxLength": 1024},
        "time": {"type": "string", "format": "date-time"},
        "data": {"type": "object"},
    },
}
_EXAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "17",
    "source": "/my/monitor",
    "subject": "vpn-gateway",
    "type": "desk.telemetry.measured.v1",
    "data": {
        "subject_kind": "service",
        "service": "vpn",
        "name": "vpn.login.failure.ratio",
        "value": 0.4,
        "unit": "1",
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/cloudevents+json": {"schema": _EVENT_SCHEMA, "example": _EXAMPLE},
            "application/cloudevents-batch+json": {
                "schema": {"type": "array", "items": _EVENT_SCHEMA, "maxItems": MOST_EVENTS},
                "example": [_EXAMPLE],
            },
            "application/json": {"schema": {"type": "object"}, "example": _EXAMPLE["data"]},
        },
    }
}


@dataclass(frozen=True, slots=True)
class EventsDeps:
    """What the route needs."""

    tickets: Documents[Ticket]
    charter: Callable[[], Charter]
    publisher: Publisher
    clock: Clock


def events_router(deps: EventsDeps) -> APIRouter:
    """`POST /v1/events`."""
    router = APIRouter(prefix="/v1", tags=["events"])

    @router.post(
        "/events",
        status_code=202,
        summary="Publish events",
        openapi_extra=_BODY,
        responses={
            202: {"model": EventsAnswer, "description": "The bus has all of them."},
            207: {"model": EventsAnswer, "description": "The bus has some; the rest was refused."},
        },
    )
    async def publish_events(
        request: Request, sender: Annotated[Principal, Depends(PUBLISHERS)]
    ) -> Response:
        """CloudEvents 1.0: one in the body (structured), several (batch), or the data in the body
        and the attributes in `ce-` headers (binary).

        A system signs in with its own token and sends its own sources only. Repeating a call is
        harmless: an event is known by its source and id, so no `Idempotency-Key` is needed. 503
        means that the bus did not acknowledge all; send the same again after `Retry-After`.
        """
        system = system_called(deps.charter(), sender.subject)
        sent = read_sent_events(request.scope["headers"], await request.body())
        outcomes = [judge_event(item, system, deps.clock) for item in sent]
        return answer_outcomes(request, system, await publish_taken(deps, outcomes))

    return router


def system_called(charter: Charter, name: str) -> OutsideSystem:
    """The system of that name; `Forbidden` if the charter lost it since its caller signed in."""
    system = next((source for source in charter.sources if source.name == name), None)
    if system is None:
        raise Forbidden(message("auth.no-publisher-any-more"), code="unknown-publisher")
    return system


async def publish_taken(deps: EventsDeps, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """What was taken, on the bus; what contradicts something earlier is refused after all."""
    # Tickets that requests of this call opened before. While the store is away nobody knows; the
    # consumer decides then.
    ids = {outcome.ticket for outcome in outcomes if isinstance(outcome, Taken) and outcome.ticket}
    tickets: dict[str, Stored[Ticket]] = {}
    with contextlib.suppress(DeskError):
        tickets = await deps.tickets.load(sorted(ids)) if ids else {}
    outcomes = without_contradictions(outcomes, tickets)
    await deps.publisher.publish(to_publish(outcomes))
    return outcomes


def answer_outcomes(
    request: Request, system: OutsideSystem, outcomes: Sequence[Outcome]
) -> Response:
    """202 if the bus has all, 207 if it has some, else a problem; each with a result for each."""
    results = tuple(_results(outcomes))
    refused = [result for result in results if not result.accepted]
    for item in refused:
        log.info("event_refused", source=system.name, code=item.code, reason=item.detail)
    answer = EventsAnswer(
        accepted=len(results) - len(refused), refused=len(refused), results=results
    )
    plain = answer.model_dump(mode="json", exclude_none=True)
    if not refused or answer.accepted:
        return JSONResponse(plain, 207 if refused else 202)
    status = 403 if all(item.code in _OF_SENDER for item in refused) else 422
    code, detail = "no-event-accepted", sentence(message("cloudevents.none-accepted"))
    if len(refused) == 1:
        code, detail = str(refused[0].code), str(refused[0].detail)
    return problem(status, code, detail, request.url.path, extra=plain)


def _results(outcomes: Sequence[Outcome]) -> Iterator[EventResult]:
    for index, outcome in enumerate(outcomes):
        if isinstance(outcome, Invalid):
            yield EventResult(
                index=index, accepted=False, code=outcome.kind, detail=detail_of(outcome)
            )
            continue
        event = outcome.event
        yield EventResult(
            index=index, accepted=True, id=event.id, ticket=outcome.ticket, amended=event.amended
        )
