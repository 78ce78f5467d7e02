"""The one broad except: turns whatever a rule raises into a failure that somebody decides on."""

import random
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import timedelta
from typing import ParamSpec, TypeVar

from desk_contracts.errors import DependencyDown, Transient
from desk_kernel import Backoff

from desk_platform.clock import Clock
from desk_platform.telemetry import get_logger

log = get_logger()

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


def attempt(rule: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Exception:
    """What `rule` returns, or the exception it raised, unless a dependency is down."""
    try:
        return rule(*args, **kwargs)
    except DependencyDown:
        raise
    except Exception as error:  # noqa: BLE001 (the one place; a bug must stop one record, not all)
        return error


def backoff(failures: int, *, first: float = 0.2, longest: float = 5.0) -> timedelta:
    """Pause before the next try: uniform up to min(longest, first x 2^failures) seconds.

    Full jitter as in AWS's architecture blog, but never below a quarter, so that it is a pause.
    """
    ceiling = Backoff(timedelta(seconds=first), timedelta(seconds=longest)).after(failures + 1)
    return ceiling * random.uniform(0.25, 1)  # noqa: S311


def attempt_each(rule: Callable[[R], T], items: Iterable[R]) -> Iterator[tuple[R, T | Exception]]:
    """`attempt` for each of many, without a call more for each."""
    for item in items:
        try:
            yield item, rule(item)
        except Exception as error:  # noqa: BLE001 (as above)
            yield item, error


async def attempt_async(work: Awaitable[object]) -> Exception | None:
    """None if `work` came to its end, else what it raised; several errors at once count as one."""
    try:
        await work
    except ExceptionGroup as group:
        # A dependency that is down explains the rest; else the first.
        down, others = group.split(DependencyDown)
        worst: BaseException = down or others or group
        while isinstance(worst, BaseExceptionGroup):
            worst = worst.exceptions[0]
        return worst if isinstance(worst, Exception) else group
    except Exception as error:  # noqa: BLE001 (the edge of a batch: it is read again)
        return error
    return None


async def attempt_value(work: Awaitable[T]) -> T | Exception:
    """What `work` comes to, or what it raised."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 (as above)
        return error


async def insist(work: Callable[[], Awaitable[T]], clock: Clock) -> T:
    """What `work` comes to, however long it takes: for what was done already and must be noted.

    What is only passing is waited out; anything else is raised.
    """
    failures = 0
    while True:
        try:
            return await work()
        except Transient as error:
            failures += 1
            if failures == 1:
                log.warning("note_waits", reason=str(error))
            await clock.sleep(backoff(failures))
