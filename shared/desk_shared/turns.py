"""How a loop tells whoever supervises it that it gets on."""

from collections.abc import Callable
from contextvars import ContextVar

heard_by: ContextVar[Callable[[], None] | None] = ContextVar("heard_by", default=None)


def turned() -> None:
    """The loop did some of its work without failing. Unsupervised, as in a test, nobody hears it.

    A round may take minutes, as with many mails that are due: each piece of work counts.
    """
    if (tell := heard_by.get()) is not None:
        tell()
