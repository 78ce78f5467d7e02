"""What came back from a call, in the classes that decide about a retry."""

from dataclasses import dataclass
from enum import StrEnum

from desk_contracts.message import Message


class Result(StrEnum):
    """`unknown` may have had its effect; `not_taken` surely had none; `refused` for good."""

    OK = "ok"
    NOT_TAKEN = "not_taken"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """The class, what is said of it in the journal, and whether what was expected holds.

    `is_sent` is false only where it is certain that no byte of the request left; `is_withheld`
    where a person stopped it at the last moment.
    """

    result: Result
    message: Message
    is_met: bool = False
    retry_after: float = 0.0
    is_sent: bool = True
    is_withheld: bool = False


# The far side says that it did not take the request, and that a later one may be taken.
_LATER = frozenset({409, 423, 425, 429})
# Sent, but what it did is not told: 303 is how many say that they did it and where to look.
_UNTOLD = frozenset({303, 408})
# Of the redirects only these say that the request was not carried out, and is wanted elsewhere.
_ELSEWHERE = frozenset({307, 308})


def result_of(status: int, *, is_act: bool = False) -> Result:
    """The class of an HTTP status. A server error may come after the effect, so it is unknown.

    So is any other redirect after an act: many applications do what a form asks and answer 302.
    """
    if 200 <= status < 300:
        return Result.OK
    if status in _LATER:
        return Result.NOT_TAKEN
    if status >= 500 or status in _UNTOLD:
        return Result.UNKNOWN
    if is_act and 300 <= status < 400 and status not in _ELSEWHERE:
        return Result.UNKNOWN
    return Result.REFUSED
