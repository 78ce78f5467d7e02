"""Opens and closes at moments that no `async with` can have."""

from contextlib import AbstractAsyncContextManager
from typing import TypeVar

T = TypeVar("T")


async def open_now(lifetime: AbstractAsyncContextManager[T]) -> T:
    """Begin it, and leave it open."""
    return await lifetime.__aenter__()


async def close_now(lifetime: AbstractAsyncContextManager[object]) -> None:
    """End it, as if nothing had failed."""
    await lifetime.__aexit__(None, None, None)
