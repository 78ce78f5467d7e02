"""Opens and closes at moments that no `async with` can have."""

from contextlib import AbstractAsyncContextManager
from typing import TypeVar

T = TypeVar("T")


async def opened(lifetime: AbstractAsyncContextManager[T]) -> T:
    """Begin it, and leave it open."""
    return await lifetime.__aenter__()


async def closed(lifetime: AbstractAsyncContextManager[object]) -> None:
    """End it, as if nothing had failed."""
    await lifetime.__aexit__(None, None, None)
