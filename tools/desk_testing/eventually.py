"""Wait for a condition instead of sleeping and hoping."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast, overload

T = TypeVar("T")


@overload
async def eventually(
    check: Callable[[], Awaitable[T]],
    timeout: float = ...,  # noqa: ASYNC109
    interval: float = ...,
) -> T: ...


@overload
async def eventually(
    check: Callable[[], T],
    timeout: float = ...,  # noqa: ASYNC109
    interval: float = ...,
) -> T: ...


async def eventually(
    check: Callable[[], T | Awaitable[T]],
    timeout: float = 60.0,  # noqa: ASYNC109 - the caller's patience is the point of it
    interval: float = 0.02,
) -> T:
    """What `check` gives once it is truthy; until then it is asked again.

    An AssertionError, a falsy answer and an item that a list does not have yet all mean
    "not yet". `check` is a plain function or returns an awaitable. Other errors go through at once.
    """
    clock = asyncio.get_running_loop()
    deadline = clock.time() + timeout
    while True:
        try:
            answer = check()
            value = cast("T", await answer if inspect.isawaitable(answer) else answer)
            refusal: AssertionError | IndexError | None = None
        except (AssertionError, IndexError) as error:
            refusal = error
        else:
            if value:
                return value
        if clock.time() >= deadline:
            raise AssertionError(
                f"still not so after {timeout:g} s: {refusal or f'the check gave {value!r}'}"
            ) from refusal
        await asyncio.sleep(interval)
