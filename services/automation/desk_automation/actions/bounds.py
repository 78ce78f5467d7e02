"""Answers as a run bears them, whatever an executor does, those of other packages too. Pure.

The port says that an executor keeps the timeout, raises nothing and cuts what it tells. What does
not keep to it must still leave a run that goes on, and no doubt about what was sent.
"""

from dataclasses import replace

from desk_contracts.message import Message, message

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.model import Attempt
from desk_automation.actions.redaction import redact, redact_message

# As long as the longest `Retry-After` that is read: nine digits of seconds.
_LONGEST_WAIT = 999_999_999.0


def bound_answer(answer: Answer) -> Answer:
    """The same, its texts as long as a journal bears, and its wait a number of seconds."""
    wait = answer.retry_after if answer.retry_after > 0 else 0.0
    return replace(
        answer, message=redact_message(answer.message), retry_after=min(wait, _LONGEST_WAIT)
    )


def answer_without_end(attempt: Attempt, *, may_have_left: bool) -> Answer:
    """Of an executor that did not end: what it did is unknown once it was let send."""
    name, timeout = attempt.call.executor, attempt.call.timeout
    reason = message("answer.executor-hangs", executor=name, timeout=timeout)
    return _say(reason, may_have_left=may_have_left)


def answer_of_failure(attempt: Attempt, failure: Exception, *, may_have_left: bool) -> Answer:
    """Of an executor that raised instead of answering."""
    why = redact(f"{type(failure).__name__} {failure}")
    reason = message("answer.executor-failed", executor=attempt.call.executor, why=why)
    return _say(reason, may_have_left=may_have_left)


def _say(reason: Message, *, may_have_left: bool) -> Answer:
    result = Result.UNKNOWN if may_have_left else Result.NOT_TAKEN
    return bound_answer(Answer(result, reason, is_sent=may_have_left))
