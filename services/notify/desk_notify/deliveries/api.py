"""What became of messages on their way through channels, for those who look after them."""

from datetime import datetime
from typing import Annotated

from desk_contracts.errors import Forbidden
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_contracts.people import PersonAsked
from desk_platform.http import (
    Cursors,
    Page,
    PageRequest,
    Principal,
    Role,
    link_next,
    page_request,
    place_of,
    require,
)
from desk_platform.http.language import sentence
from desk_platform.store import Documents
from fastapi import APIRouter, Depends, Query, Request, Response

from desk_notify.deliveries.model import DeliveryState, Dispatch

_may_ask = require(Role.MEMBER, Role.OPERATOR)


class DeliveryView(Frozen):
    """One channel's delivery."""

    channel: str
    """Where it goes, as a channel URL of the charter."""
    state: DeliveryState
    """How far it is; `unknown` means that it may have arrived, and is tried again if `next_at`."""
    attempts: int
    """How often it was tried."""
    next_at: datetime | None
    """When it is tried next; null when nothing more is tried."""
    changed_at: datetime
    """When the state was written down."""
    reason: str
    """Why it did not arrive, or may not have, in the language of the answer."""


class MessageView(Frozen):
    """One message and its deliveries besides Kafka."""

    id: str
    """Id of the message, the same as on its Kafka topic."""
    recipient: str
    """Team or person."""
    kind: str
    """What it is about."""
    title: str
    """Its first line."""
    happened_at: datetime
    """When what it tells of happened."""
    deliveries: tuple[DeliveryView, ...]
    """One for each channel."""


def delivery_router(documents: Documents[Dispatch], cursors: Cursors) -> APIRouter:
    """`GET /v1/deliveries`."""
    router = APIRouter(prefix="/v1", tags=["deliveries"])

    @router.get("/deliveries", summary="What became of messages", response_model_exclude_none=False)
    async def list_deliveries(
        request: Request,
        response: Response,
        principal: Annotated[Principal, Depends(_may_ask)],
        page: Annotated[PageRequest, Depends(page_request)],
        recipient: Annotated[
            PersonAsked | None, Query(description="A team, or a person's id.")
        ] = None,
    ) -> Page[MessageView]:
        """Oldest first. Members see what went to their team and to themselves, operators all."""
        recipient = _check_recipient(principal, recipient)
        listing = f"deliveries/{recipient or ''}"
        position = cursors.read(listing, page.cursor) if page.cursor else None
        rows = await documents.find_brief(
            {"recipient": recipient} if recipient else {},
            order="at",
            after=(position.sort, position.id) if position else None,
            limit=page.limit + 1,
        )
        states = (row.state for row in rows[: page.limit])
        items = tuple(_view(item) for item in states if item is not None)
        following = None
        if len(rows) > page.limit:
            following = cursors.write(listing, place_of(rows[page.limit - 1]))
            response.headers["Link"] = link_next(request, following)
        return Page(items=items, next=following)

    return router


def _check_recipient(principal: Principal, recipient: str | None) -> str | None:
    """Whose messages this caller may see; a member who names nobody sees the team's."""
    if principal.has_role(Role.OPERATOR):
        return recipient
    own = [item for item in (principal.team, principal.subject) if item]
    wanted = recipient or own[0]
    if wanted not in own:
        raise Forbidden(message("messages.not-yours"))
    return wanted


def _view(dispatch: Dispatch) -> MessageView:
    return MessageView(
        id=dispatch.message,
        recipient=dispatch.recipient,
        kind=dispatch.kind,
        title=dispatch.title,
        happened_at=dispatch.happened_at,
        deliveries=tuple(
            DeliveryView(
                **delivery.model_dump(exclude={"in_doubt", "reason"}),
                reason="" if delivery.reason is None else sentence(delivery.reason),
            )
            for delivery in dispatch.deliveries
        ),
    )
