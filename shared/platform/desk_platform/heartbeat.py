"""How a loop tells whoever supervises it that it gets on."""

from collections.abc import Callable
from contextvars import ContextVar

on_beat: ContextVar[Callable[[], None] | None] = ContextVar("on_beat", default=None)


def beat() -> None:
    """The loop did some of its work without failing. Unsupervised, as in a test, nobody hears it.

    A round may take minutes, as with many mails that are due: each piece of work counts.
    """
    if (tell := on_beat.get()) is not None:
        tell()
