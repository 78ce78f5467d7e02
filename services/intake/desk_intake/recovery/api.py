"""Recovery over HTTP: calls that people make without signing in, so their answers tell nothing."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal

from desk_contracts.accounts import Effect
from desk_contracts.errors import Forbidden, NotFound
from desk_contracts.frozen import Frozen, example
from desk_contracts.ids import new_id
from desk_contracts.message import message
from desk_contracts.people import canonical_person
from desk_kernel import Context, Decision
from desk_platform.http import PUBLIC, SINGLE_LINE, RequiredText
from desk_platform.http.language import sentence, spoken_catalogue
from desk_platform.http.refusals import TooManyRequests
from desk_platform.kafka import CommandQueue
from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import SecretStr
from starlette.responses import Response

from desk_intake.recovery import decide
from desk_intake.recovery.model import Ask, AskQueue, Kind, addresses_of, queue_of
from desk_intake.recovery.worker import RecoveryWorker
from desk_intake.tickets.api.bodies import Body

# Nothing of these calls is kept on the way, and no page tells the next where it came from.
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class NewRecovery(Body):
    """Somebody cannot sign in."""

    model_config = example(account="ivy@corp.example", kind="password")

    account: Annotated[str, RequiredText(320), SINGLE_LINE]
    """Login name or mail address."""
    kind: Kind = "password"
    """password: a new one is chosen; unlock: it stays, and the account is unlocked."""


class Redemption(Body):
    """The token of the mail, and what to do with it."""

    model_config = example(
        token="5f0c8a3e-0000-5000-8000-000000000000.as-the-mail-says",  # noqa: S106 (an example)
        password="a whole sentence is easy to keep",  # noqa: S106 (an example)
    )

    token: SecretStr
    """As the link of the mail has it, after the #."""
    kind: Kind = "password"
    """What the mail was asked for."""
    password: SecretStr = SecretStr("")
    """The new password, for kind password: 15 characters or more, whatever they are."""


class RecoveryAsked(Frozen):
    """The same for every account, whether there is one or not."""

    detail: str


class RecoveryDone(Frozen):
    """What is known now."""

    outcome: Literal["done", "unknown"]
    """done: the directory has said so; unknown: no answer came, so it may have happened or not."""
    detail: str


@dataclass(frozen=True, slots=True)
class RecoveryDeps:
    """What the routes need."""

    asks: CommandQueue[AskQueue]
    worker: RecoveryWorker


def recovery_router(deps: RecoveryDeps | None) -> APIRouter:
    """Where those ask who cannot sign in; without a directory nothing can be done for them."""
    router = APIRouter(prefix="/v1/account-recoveries", tags=["recovery"])

    @router.post(
        "",
        status_code=202,
        response_model=RecoveryAsked,
        dependencies=[Depends(PUBLIC)],
        summary="Say that you cannot sign in",
    )
    async def ask_for_recovery(request: Request, body: NewRecovery) -> Response:
        """If the account exists, a mail is on its way. The answer is the same if it does not."""
        around = _require_offered(deps)
        await _count(around, request)
        await _enqueue(around, body)
        answer = RecoveryAsked(detail=sentence(message("recovery.asked")))
        return Response(answer.model_dump_json(), 202, _PRIVATE, "application/json")

    @router.post(
        "/redeem",
        response_model=RecoveryDone,
        dependencies=[Depends(PUBLIC)],
        summary="Use the token of the mail",
    )
    async def redeem_token(request: Request, body: Redemption) -> Response:
        """Once. Says `done` only where the directory said so."""
        around = _require_offered(deps)
        await _count(around, request)
        return await _redeem(around, body)

    return router


def _require_offered(deps: RecoveryDeps | None) -> RecoveryDeps:
    if deps is None:
        raise NotFound(message("refused.no-recovery"), code="no-recovery")
    return deps


async def _count(deps: RecoveryDeps, request: Request) -> None:
    """Each address only so often, on all replicas together."""
    address = request.client.host if request.client else ""
    is_too_many = False

    def rule(queue: AskQueue | None, context: Context) -> Decision[AskQueue]:
        nonlocal is_too_many
        after, is_too_many = decide.count_call(queue, address, context.now)
        return Decision(after)

    await deps.asks.change(addresses_of(address), rule)
    if is_too_many:
        wait = decide.WINDOW.total_seconds()
        why = message("request.too-many", wait=int(wait))
        raise TooManyRequests(why, retry_after=wait)


async def _enqueue(deps: RecoveryDeps, body: NewRecovery) -> None:
    login, id = canonical_person(body.account).casefold(), new_id()
    language = spoken_catalogue().language

    def rule(queue: AskQueue | None, context: Context) -> Decision[AskQueue]:
        ask = Ask(id=id, login=login, kind=body.kind, language=language, at=context.now)
        return decide.enqueue(queue, ask, context.now)

    await deps.asks.change(queue_of(login), rule)


async def _redeem(deps: RecoveryDeps, body: Redemption) -> Response:
    id, _, secret = body.token.get_secret_value().partition(".")
    password = body.password.get_secret_value()
    if body.kind == "password" and (why := decide.why_no_password(password)) is not None:
        raise _wrong_password(why)
    # Whoever hangs up in the middle leaves no use of a token without its end.
    using = asyncio.ensure_future(deps.worker.redeem(id, secret, body.kind, password))
    match await asyncio.shield(using):
        case None:
            raise Forbidden(message("refused.token-not-good"), code="token-not-good")
        case Effect.REFUSED:
            raise _wrong_password(message("field.password-refused"))
        case Effect.DONE:
            answer = RecoveryDone(outcome="done", detail=sentence(decide.RECOVERED[body.kind]))
        case Effect.UNKNOWN:
            answer = RecoveryDone(outcome="unknown", detail=sentence(decide.IN_DOUBT[body.kind]))
    return Response(answer.model_dump_json(), 200, _PRIVATE, "application/json")


def _wrong_password(why: object) -> RequestValidationError:
    place = ("body", "password")
    error = {"type": "value_error", "loc": place, "msg": "wrong", "ctx": {"error": ValueError(why)}}
    return RequestValidationError([error], body={"password": ""})
