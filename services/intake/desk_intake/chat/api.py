"""`POST /v1/chat/{chat}`: what people say to the desk in Slack or Mattermost, answered in the call.

Both wait three seconds for an answer. What takes longer is still done, once.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from desk_contracts import Payload
from desk_contracts.errors import DeskError, NotFound, Transient
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.message import Message, Param, message
from desk_contracts.messages import catalogue
from desk_contracts.text import as_line, is_visible
from desk_kernel import Context
from desk_platform.http import Principal, Unauthenticated
from desk_platform.http.idempotency import IdempotentCall
from desk_platform.http.principal import Policy
from desk_platform.http.rates import RateLimits
from desk_platform.kafka.retry import attempt_value
from desk_platform.settings.secret_files import SecretFolder
from desk_platform.telemetry import get_logger
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from desk_intake.chat.charter import CHATS, ChatWorkspace
from desk_intake.chat.decide import is_genuine, read_command, read_line
from desk_intake.chat.model import Challenge, ChatAction, ChatCommand, ChatLine
from desk_intake.tickets.api.bodies import MAX_BYTES
from desk_intake.tickets.api.calls import Origin, change_once, find, open_once, origin_of
from desk_intake.tickets.api.deps import TicketDeps
from desk_intake.tickets.evidence import cut
from desk_intake.tickets.lifecycle import Actor, comment
from desk_intake.tickets.model import Ticket

log = get_logger()

# Of the three seconds that both programs wait; the rest is the way there and back.
ANSWERED_WITHIN_SECONDS = 2.0
_LONGEST_TITLE = 300
_OBJECT = {"type": "object"}
_COMMAND = {"command": "/desk", "text": "No sound", "user_id": "U1", "trigger_id": "1.a"}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": _OBJECT, "example": _COMMAND},
            "application/json": {"schema": _OBJECT, "example": {**_COMMAND, "token": "…"}},
        },
    }
}


@dataclass(frozen=True, eq=False, slots=True)
class ChatDeps:
    """What the route needs."""

    tickets: TicketDeps
    secrets: SecretFolder
    unfinished: set[asyncio.Task[Any]]
    """What is still done after its call was answered."""


@dataclass(frozen=True, slots=True)
class ChatPolicy(Policy):
    """The caller must be the workspace: it knows the secret."""

    deps: ChatDeps

    async def __call__(self, request: Request) -> Principal:
        limits: RateLimits = request.app.state.limits
        try:
            workspace = _find_workspace(self.deps, request.path_params["chat"])
        except NotFound:
            limits.count_anonymous(request.scope)
            raise
        secret, now = self.deps.secrets.find(workspace.name), self.deps.tickets.clock.now()
        headers, body = request.headers, await request.body()
        if secret is None or not is_genuine(workspace.kind, secret, headers, body, now):
            limits.count_anonymous(request.scope)
            if secret is None:
                log.warning("chat_without_secret", chat=workspace.name)
            raise Unauthenticated(message("chat.not-genuine"), code="bad-signature")
        limits.count_caller(request.scope, f"chat \0{workspace.name}")
        return Principal(f"{workspace.name}:chat")


def chat_router(deps: ChatDeps) -> APIRouter:
    """`POST /v1/chat/{chat}`."""
    router = APIRouter(prefix="/v1", tags=["chat"])
    policy = ChatPolicy(frozenset(), deps)

    @router.post("/chat/{chat}", summary="Say something to the desk", openapi_extra=_BODY)
    async def take_line(
        request: Request, chat: str, _caller: Annotated[Principal, Depends(policy)]
    ) -> Response:
        """Slash commands, messages and mentions as Slack and Mattermost send them. A line opens a
        ticket; `state CODE` and `comment CODE words` are about one. The answer is for the writer
        alone, in their language. The same call sent again does nothing again.
        """
        workspace = _find_workspace(deps, chat)
        line = read_line(workspace.kind, request.headers, await request.body())
        if isinstance(line, Challenge):
            return JSONResponse({"challenge": line.word})
        if line is None:
            return JSONResponse({})
        outcome = await _do_in_time(deps, workspace, line, origin_of(request))
        if line.can_answer:
            text = _say(workspace, line, outcome)
            return JSONResponse({"response_type": "ephemeral", "text": text})
        if not isinstance(outcome, DeskError | Message) or isinstance(outcome, Transient):
            # Nobody reads an answer, so the workspace has to send it again: it is the same line.
            raise Transient(message("chat.later"))
        return JSONResponse({})

    return router


def _find_workspace(deps: ChatDeps, name: str) -> ChatWorkspace:
    for workspace in deps.tickets.charter().of(CHATS):
        if workspace.name == name:
            return workspace
    raise NotFound(message("chat.unknown", chat=name[:80]), code="no-such-chat")


async def _do_in_time(
    deps: ChatDeps, workspace: ChatWorkspace, line: ChatLine, origin: Origin
) -> Message | Exception | None:
    """What was done, or why not; None if it takes too long, and goes on."""
    actor = Actor(workspace.person_of(line.user), is_staff=False)

    async def work() -> Message | Exception:
        return await attempt_value(_do(deps.tickets, workspace, line, actor, origin))

    task = asyncio.create_task(work())
    deps.unfinished.add(task)
    task.add_done_callback(deps.unfinished.discard)
    await asyncio.wait([task], timeout=ANSWERED_WITHIN_SECONDS)
    if not task.done():
        return None
    outcome = task.result()
    if isinstance(outcome, Transient) or not isinstance(outcome, DeskError | Message):
        log.error("chat_failed", chat=workspace.name, reason=str(outcome))
    return outcome


def _say(workspace: ChatWorkspace, line: ChatLine, outcome: Message | Exception | None) -> str:
    """A sentence in the writer's language."""
    user = workspace.user_of(line.user)
    spoken = catalogue((user.language if user else None) or workspace.language)
    if outcome is None:
        return spoken.render(message("chat.late"))
    if isinstance(outcome, Transient) or not isinstance(outcome, DeskError | Message):
        return spoken.render(message("chat.later"))
    if isinstance(outcome, Message):
        return spoken.render(outcome)
    return spoken.render(outcome.described) if outcome.described else outcome.message


async def _do(
    deps: TicketDeps, workspace: ChatWorkspace, line: ChatLine, actor: Actor, origin: Origin
) -> Message:
    """Carries out a line, once, and says what came of it."""
    command = read_command(line.text)
    seed = f"{workspace.name}\n{line.user}\n{line.id}"
    call = IdempotentCall(
        hashlib.sha256(f"chat\n{seed}".encode()).hexdigest(),
        hashlib.sha256(line.text.encode()).hexdigest(),
    )
    match command.action:
        case ChatAction.HELP:
            return message("chat.help")
        case ChatAction.STATE:
            ticket = await find(deps, command.ticket, actor)
            facts: dict[str, Param] = {"code": ticket.code, "title": ticket.title}
            facts["state"] = ticket.state
            if not (ticket.team and ticket.is_open):
                return message("chat.state", **facts)
            return message("chat.state-with-team", team=ticket.team, **facts)
        case ChatAction.COMMENT:
            ticket = await find(deps, command.ticket, actor)
            text = cut(command.text)

            def say(it: Ticket, _: Context) -> Sequence[Payload]:
                return comment(it, actor, text, public=True)

            changed = await change_once(deps, ticket.id, call, origin, say)
            return message("chat.commented", code=changed.code)
        case ChatAction.OPEN:
            return await _open(deps, workspace, command, actor, call, origin)


async def _open(
    deps: TicketDeps,
    workspace: ChatWorkspace,
    command: ChatCommand,
    actor: Actor,
    call: IdempotentCall,
    origin: Origin,
) -> Message:
    if not is_visible(command.text) or len(command.text.encode()) > MAX_BYTES:
        return message("chat.help")
    user = next((item for item in workspace.users if item.person == actor.id), None)

    def build(code: str) -> list[Payload]:
        return [
            TicketOpened(
                code=code,
                kind=Kind.INCIDENT,
                title=as_line(" ".join(command.text.split()))[:_LONGEST_TITLE],
                description=cut(command.text) if len(command.text) > _LONGEST_TITLE else "",
                requester=actor.id,
                channel=Channel.CHAT,
                language=(user.language if user else None) or workspace.language,
                attributes={"chat": workspace.name},
            )
        ]

    opened, _ = await open_once(deps, call, origin, build)
    return message("chat.opened", code=opened.code, title=opened.title)
