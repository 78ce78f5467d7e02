"""Where erasures are kept as they were asked for."""

from collections.abc import Callable
from typing import Protocol

from desk_kernel import Context, Decision
from desk_platform.store import Schema, Stored

from desk_intake.erasures.model import ErasureRequest

ERASURES = Schema(
    "erasures",
    ErasureRequest,
    kept="one for each erasure, always: a restored store erases again",
)


class ErasureRequests(Protocol):
    """The way to note an erasure; answers when it is safe in the store."""

    async def change(
        self,
        id: str,
        rule: Callable[[ErasureRequest | None, Context], Decision[ErasureRequest] | None],
        *,
        is_first: bool = False,
    ) -> Stored[ErasureRequest]: ...
