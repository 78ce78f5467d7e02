"""How far an attempt came, and what a failure means: nothing was sent, or the effect is unknown."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from desk_contracts.message import Message, message
from desk_platform.kafka.retry import attempt_value

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Attempt
from desk_automation.actions.redaction import redact
from desk_automation.adapters.executors.http_hosts import NotAllowed

Hide = Callable[[str], str]


class Refused(Exception):
    """This attempt cannot be made, now or later; the message says why."""

    def __init__(self, why: Message) -> None:
        super().__init__(why.code)
        self.why = why


class TakenOver(Exception):
    """Another worker has the run, or it is over."""


@dataclass(slots=True)
class Sending:
    """How far a call came."""

    fence: Fence
    is_sent: bool = False
    is_over: bool = False
    """The attempt has been answered: what is still under way, in a thread, sends nothing more."""

    async def check(self) -> None:
        """`TakenOver` where the run is not ours any more."""
        if not await self.fence() or self.is_over:
            raise TakenOver("another worker has the run, or it is over")

    async def leave(self) -> None:
        """The last moment before the effect may begin."""
        await self.check()
        self.is_sent = True


async def carry_out(
    attempt: Attempt, sending: Sending, work: Awaitable[Answer], hide: Hide
) -> Answer:
    """The answer within the attempt's timeout, whatever is raised on the way."""

    async def within_timeout() -> Answer:
        async with asyncio.timeout(attempt.call.timeout.total_seconds()):
            return await work

    try:
        answer = await attempt_value(within_timeout())
    finally:
        sending.is_over = True
    if isinstance(answer, Answer):
        return answer
    return explain(answer, attempt, is_sent=sending.is_sent, hide=hide)


def explain(
    failure: Exception | None, attempt: Attempt, *, is_sent: bool, hide: Hide = str
) -> Answer:
    """What is known of the effect after a failure; None stands for an answer that never came."""
    timeout = attempt.call.timeout.total_seconds()
    if isinstance(failure, Refused):
        return Answer(Result.REFUSED, failure.why, is_sent=is_sent)
    if isinstance(failure, NotAllowed):
        reason = message("answer.not-allowed", why=str(failure))
        return Answer(Result.REFUSED, reason, is_sent=False)
    if not is_sent:
        why = "" if failure is None else describe(failure, hide)
        reason = message("answer.not-connected", why=why)
        if isinstance(failure, TimeoutError):
            reason = message("answer.not-connected-in-time", timeout=timeout)
        return Answer(Result.NOT_TAKEN, reason, is_sent=False)
    if isinstance(failure, TimeoutError):
        return Answer(Result.UNKNOWN, message("answer.none-in-time", timeout=timeout))
    if failure is None:
        return Answer(Result.UNKNOWN, message("answer.none"))
    return Answer(Result.UNKNOWN, message("answer.broke-off", why=describe(failure, hide)))


def describe(failure: BaseException, hide: Hide = str) -> str:
    """A failure in a few words, without secrets."""
    if isinstance(failure, TimeoutError):
        return "it took too long"
    return f"{type(failure).__name__} {redact(hide(str(failure)))}".strip()[:500]
