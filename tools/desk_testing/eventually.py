"""Wait for a condition instead of sleeping and hoping."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast, overload

T = TypeVar("T")
# A check that is awaited asks somebody who has work to do. After a tenth of the time waited so far
# it is asked again, and within these.
SHORTEST, LONGEST = 0.02, 0.1


@overload
async def eventually(
    check: Callable[[], Awaitable[T]],
    timeout: float = ...,  # noqa: ASYNC109
    interval: float | None = ...,
) -> T: ...


@overload
async def eventually(
    check: Callable[[], T],
    timeout: float = ...,  # noqa: ASYNC109
    interval: float | None = ...,
) -> T: ...


async def eventually(
    check: Callable[[], T | Awaitable[T]],
    timeout: float = 60.0,  # noqa: ASYNC109 - the caller's patience is the point of it
    interval: float | None = None,
) -> T:
    """What `check` gives once it is truthy; it is asked again until then, at `interval` if given.

    An AssertionError, a falsy answer and an item that a list does not have yet all mean
    "not yet". `check` is a plain function or returns an awaitable. Other errors go through at once.
    """
    clock = asyncio.get_running_loop()
    began, pause = clock.time(), SHORTEST
    while True:
        try:
            answer = check()
            if inspect.isawaitable(answer):
                pause = min(max(SHORTEST, (clock.time() - began) / 10), LONGEST)
                answer = await answer
            value = cast("T", answer)
            refusal: AssertionError | IndexError | None = None
        except (AssertionError, IndexError) as error:
            refusal = error
        else:
            if value:
                return value
        if clock.time() >= began + timeout:
            raise AssertionError(
                f"still not so after {timeout:g} s: {refusal or f'the check gave {value!r}'}"
            ) from refusal
        await asyncio.sleep(pause if interval is None else interval)
