"""How a loop tells whoever supervises it that it went round."""

from collections.abc import Callable
from contextvars import ContextVar

heard_by: ContextVar[Callable[[], None] | None] = ContextVar("heard_by", default=None)


def turned() -> None:
    """The loop went round once without failing. Unsupervised, as in a test, nobody hears it."""
    if (tell := heard_by.get()) is not None:
        tell()
