"""One call while it is under way: whether it was let go, and what its end says."""

import asyncio
from dataclasses import dataclass, replace

from desk_contracts.message import Message
from desk_platform.telemetry import get_logger

from desk_automation.actions.answer import Answer
from desk_automation.actions.bounds import answer_of_failure, answer_without_end, bound_answer
from desk_automation.actions.model import Attempt

log = get_logger()


@dataclass(slots=True)
class CallUnderWay:
    """`withheld` says which person stopped it; `may_have_left` that its executor was let send."""

    attempt: Attempt
    withheld: Message | None = None
    may_have_left: bool = False

    def read_end(self, calling: "asyncio.Task[Answer]") -> Answer:
        """The answer of an executor that has ended, whatever it ended with."""
        failure = calling.exception()
        if isinstance(failure, Exception):
            log.error("executor_failed", step=self.attempt.step, exc_info=failure)
            return answer_of_failure(self.attempt, failure, may_have_left=self.may_have_left)
        answer = bound_answer(calling.result())
        if self.withheld is None or answer.is_sent:
            return answer
        return replace(answer, message=self.withheld, is_withheld=True)

    def leave(self) -> Answer:
        """What is known of a call whose executor does not end."""
        log.error("executor_hangs", step=self.attempt.step, executor=self.attempt.call.executor)
        return answer_without_end(self.attempt, may_have_left=self.may_have_left)
