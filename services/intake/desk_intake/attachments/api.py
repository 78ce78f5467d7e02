"""Attachments over HTTP: a file is the body of its own call, and is only ever downloaded."""

import hashlib
import re
from functools import partial
from typing import Annotated
from urllib.parse import quote

from desk_contracts.errors import NotFound
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_platform.http import UnsupportedMediaType, Uploads
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from desk_intake.attachments.decide import (
    ALLOWED,
    MAX_FILE_BYTES,
    MAX_NAME,
    TEXT,
    CheckedFile,
    attach,
    check_may_attach,
    check_name,
    read_media_type,
)
from desk_intake.tickets.answers import TicketView
from desk_intake.tickets.api.calls import (
    PRIVATE,
    ByReaders,
    Caller,
    TicketAction,
    actor_of,
    answer,
    change,
    find,
)
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.lifecycle import Actor, sees_internal
from desk_intake.tickets.model import Attachment

UPLOADS = Uploads(re.compile(r"/v1/tickets/[^/]+/attachments"), MAX_FILE_BYTES)
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_EXAMPLE = {
    "schema": {**_BINARY["schema"], "minLength": 1},
    "example": "08:14 The gateway does not answer.",
}
_UPLOAD = {"requestBody": {"required": True, "content": {"application/octet-stream": _EXAMPLE}}}
# A browser that opens it all the same runs nothing of it and shows it inside no page.
_HARMLESS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


Named = Annotated[
    str,
    Query(
        description="Its name; the ending must fit the content.",
        json_schema_extra={"maxLength": MAX_NAME, "pattern": r"^[^./\\][^/\\]*$"},
    ),
]
Public = Annotated[bool, Query(description="False: only for those who work on tickets.")]


def attachments_router(deps: TicketDeps) -> APIRouter:
    """Add and fetch files."""
    router = APIRouter(prefix="/v1/tickets/{ticket}/attachments", tags=["attachments"])

    @router.post(
        "",
        status_code=201,
        response_model=TicketView,
        summary="Attach a file",
        openapi_extra=_UPLOAD,
    )
    async def attach_file(action: ByReaders, name: Named, public: Public = True) -> Response:
        """The body is the file itself, of at most 10 MiB. What it is, its content says."""
        return await _attach(deps, action, name, public=public)

    @router.get(
        "/{attachment}",
        response_class=StreamingResponse,
        summary="Fetch a file",
        responses={200: {"content": dict.fromkeys((TEXT, *sorted(ALLOWED)), _BINARY)}},
    )
    async def fetch_file(
        request: Request, ticket: str, attachment: str, caller: Caller
    ) -> Response:
        """To be saved, never to be shown inside a page."""
        return await _fetch(deps, ticket, attachment, actor_of(request, caller))

    return router


async def _attach(deps: TicketDeps, action: TicketAction, name: str, *, public: bool) -> Response:
    """The bytes first, then the event that refers to them: it never refers to nothing.

    What would be refused is refused before the bytes. Bytes of what is refused or dies in between
    are removed later by who keeps them.
    """
    request, actor, call = action.request, action.actor, action.call
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise UnsupportedMediaType(message("refused.file-multipart"))
    name, content = check_name(name), await request.body()
    media_type = read_media_type(name, content)
    ticket = await find(deps, action.ticket, actor)
    # The same key with another file is another id, so neither is taken for the other.
    id = derive_id(call.seed, f"attachment/{call.fingerprint}")
    if not any(item.id == id for item in ticket.attachments):
        check_may_attach(ticket, actor, public=public)
        if action.version is not None:
            action.version.check(ticket.sequence)
        await deps.uploads.put(id, content, [ticket.id])
    sha256 = hashlib.sha256(content).hexdigest()
    add = partial(
        attach,
        actor=actor,
        file=CheckedFile(id, name, media_type, len(content), sha256),
        dataref=f"/v1/tickets/{ticket.id}/attachments/{id}",
        public=public,
    )
    after = await change(deps, action, lambda it, _: add(it))
    return await answer(deps, request, after, actor, 201)


async def _fetch(deps: TicketDeps, reference: str, attachment: str, actor: Actor) -> Response:
    ticket = await find(deps, reference, actor)
    sees_all = sees_internal(ticket, actor)
    mine = (item for item in ticket.attachments if item.public or sees_all)
    kept = next((item for item in mine if item.id == attachment), None)
    content = await deps.files.open(kept.id) if kept else None
    if kept is None or content is None:
        raise NotFound(message("refused.no-such-file", code=ticket.code), ticket=ticket.id)
    return StreamingResponse(content, 200, _headers(kept), kept.media_type)


def _headers(kept: Attachment) -> dict[str, str]:
    ending = kept.name.rpartition(".")[2]
    name = f"filename=\"attachment.{ending}\"; filename*=UTF-8''{quote(kept.name, safe='')}"
    return {
        "Content-Disposition": f"attachment; {name}",
        "Content-Length": str(kept.size),
        "ETag": f'"{kept.sha256}"',
        **_HARMLESS,
        **PRIVATE,
    }
