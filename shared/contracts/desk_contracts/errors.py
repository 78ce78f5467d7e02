"""The errors of the desk: the type says what happens next.

DeskError
├── Rejected             business says no         HTTP 409   bus: handled, refusal published
│   ├── NotFound                                  HTTP 404
│   ├── Forbidden                                 HTTP 403
│   └── Conflict         somebody was faster      HTTP 412
├── Invalid              input cannot be read     HTTP 422   bus: dead letter at once
│   └── KeyReused        a known key, other words HTTP 422
└── Transient            may work later           HTTP 503   bus: bounded retry, then dead letter
    └── DependencyDown   broker or store away     HTTP 503   bus: pause, seek back, try for ever

Anything else is a bug: HTTP 500, dead letter, alert.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from desk_contracts.message import Message


class DeskError(Exception):
    """An error with a stable kebab-case code, a sentence for people and fields for machines.

    Where people who use the desk read it, it is a message, rendered in their language: `described`.
    Else it is in the language of logs and command lines.
    """

    code: ClassVar[str] = "desk-error"
    status: ClassVar[int] = 500

    def __init__(
        self, message: "str | Message", *, code: str | None = None, **fields: object
    ) -> None:
        super().__init__(message)
        self.described = None if isinstance(message, str) else message
        self.message = str(message)
        self.kind = code or type(self).code
        self.fields = fields


def describe_error(error: BaseException) -> str:
    """The reason of an error of ours; of any other, a bug, with the name of its class before it."""
    return str(error) if isinstance(error, DeskError) else f"{type(error).__name__}: {error}"


def error_code(error: BaseException) -> str:
    """The stable code of an error of ours; `bug` of any other."""
    return error.kind if isinstance(error, DeskError) else "bug"


class Rejected(DeskError):
    """The business says no: the request was understood and will never be done like this."""

    code = "rejected"
    status = 409


class NotFound(Rejected):
    """What was asked for does not exist, or not for this caller."""

    code = "not-found"
    status = 404


class Forbidden(Rejected):
    """The caller may not do this."""

    code = "forbidden"
    status = 403


class Conflict(Rejected):
    """The thing changed since the caller read it."""

    code = "precondition-failed"
    status = 412


class Invalid(DeskError):
    """The input cannot be read or breaks its schema; the same bytes will never work."""

    code = "invalid"
    status = 422


class KeyReused(Invalid):
    """An idempotency key came back with another request."""

    code = "idempotency-key-reused"


class Transient(DeskError):
    """It may work later; `retry_after` is in seconds."""

    code = "temporarily-unavailable"
    status = 503

    def __init__(
        self,
        message: "str | Message",
        *,
        retry_after: float = 1.0,
        code: str | None = None,
        **fields: object,
    ) -> None:
        super().__init__(message, code=code, **fields)
        self.retry_after = retry_after


class DependencyDown(Transient):
    """The broker or the store does not answer: nothing about the record is wrong."""

    code = "dependency-down"
