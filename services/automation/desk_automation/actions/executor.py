"""The port to targets: an executor carries one kind of action out and says what became of it."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from desk_charter.request_model import Request
from desk_contracts.message import message

from desk_automation.actions.answer import Answer
from desk_automation.actions.model import Action, Attempt, Call
from desk_automation.actions.template import PlanFailed, Values

R = TypeVar("R", bound=Request)
S = TypeVar("S")
# Whether the run is still the caller's; asked at the last moment before something leaves.
Fence = Callable[[], Awaitable[bool]]


class Executor(Protocol):
    """Carries one attempt out and answers once; never raises for what a target does.

    It keeps the call's timeout, sends nothing once the fence is closed, leaves secrets out of its
    answer's message, and calls an effect that may have happened `UNKNOWN`. `token` is the fencing
    token: a target that keeps the largest it saw can refuse older ones.
    """

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer: ...

    def slot_of(self, call: Call) -> str | None:
        """Calls of one slot are limited together, so that a slow target blocks nobody else."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ExecutorKind(Generic[R, S]):
    """What is registered under an executor's name: the model of `request` in a runbook, the pure
    rule that fills it in, what opens the executor, and what a charter is refused for."""

    request: type[R]
    render: Callable[[R, Values], Action]
    open: Callable[[S], Executor]
    find_problems: Callable[[R], Iterable[tuple[tuple[str, ...], str]]] = lambda _request: ()
    """What is wrong with a request beyond its form: where, and a sentence that says what to do."""

    def plan(self, request: Request, values: Values) -> Action:
        """The action; `PlanFailed` where a parameter has no value, or the request is not its."""
        if not isinstance(request, self.request):
            raise PlanFailed(message("plan.other-request", request=type(request).__name__))
        return self.render(request, values)
