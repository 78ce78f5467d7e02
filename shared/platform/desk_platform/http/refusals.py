"""Refusals that only exist on HTTP: the status is all they add to the desk's error family."""

from desk_contracts.errors import Invalid, Rejected, Transient


class BadRequest(Invalid):
    """A header, cursor or parameter cannot be read."""

    code = "bad-request"
    status = 400


class Unauthenticated(Rejected):
    """Nobody known is asking."""

    code = "unauthenticated"
    status = 401


class PreconditionRequired(Rejected):
    """A change must say which version it was made from."""

    code = "precondition-required"
    status = 428


class TooManyRequests(Transient):
    """The caller is faster than agreed."""

    code = "too-many-requests"
    status = 429


class TooLarge(Invalid):
    """The body is larger than agreed."""

    code = "too-large"
    status = 413


class Overloaded(Transient):
    """As many calls as agreed are under way already."""

    code = "overloaded"


class Stopping(Transient):
    """The service lets nobody in any more; another one is, or will be, there."""

    code = "stopping"


class Held(Transient):
    """The service does nothing until a person has decided."""

    code = "held"


class RepeatedName(Invalid):
    """An object of the body has one name twice: which of the two is meant, nobody can say."""

    code = "repeated-name"


class UnsupportedMediaType(Invalid):
    """The body is in a form that this address does not read."""

    code = "unsupported-media-type"
    status = 415
