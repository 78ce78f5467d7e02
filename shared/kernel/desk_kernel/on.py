"""The one dispatch: what an event means, one function for each type of event.

life: Reducers[Ticket, [], Ticket] = Reducers(refuse)

@life.on(TicketStarted)
def start(ticket: Ticket, event: Event[TicketStarted]) -> Ticket: ...

after = life(ticket, event)
"""

from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from desk_contracts import AnyEvent, Event, Payload

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


class _Table(Generic[F]):
    """Functions by the type of what an event says."""

    def __init__(self) -> None:
        self._functions: dict[type[Payload], F] = {}

    @property
    def types(self) -> frozenset[type[Payload]]:
        """What there is a function for."""
        return frozenset(self._functions)

    def on(self, *types: type[Payload]) -> Callable[[F], F]:
        """Registers the function for these types; `ValueError` for one that has a function."""

        def register(function: F) -> F:
            for type in types:
                if type in self._functions:
                    raise ValueError(f"{type.__name__} has two functions in one table")
                self._functions[type] = function
            return function

        return register

    def _function(self, event: AnyEvent) -> F | None:
        return self._functions.get(type(event.data))


class Reducers(_Table[Callable[Concatenate[S, "Event[Any]", P], R]], Generic[S, P, R]):
    """What each event means for a state: `(state, event, ...)`; other events mean `otherwise`."""

    def __init__(self, otherwise: Callable[Concatenate[S, AnyEvent, P], R]) -> None:
        super().__init__()
        self._otherwise = otherwise

    def __call__(self, state: S, event: AnyEvent, *args: P.args, **kwargs: P.kwargs) -> R:
        """What this event means for the state."""
        return (self._function(event) or self._otherwise)(state, event, *args, **kwargs)


class Readings(_Table[Callable[["Event[Any]"], R]], Generic[R]):
    """What is read out of each event, for example which documents it concerns: `(event)`."""

    def __init__(self, otherwise: R) -> None:
        super().__init__()
        self._otherwise = otherwise

    def __call__(self, event: AnyEvent) -> R:
        """What this event says."""
        function = self._function(event)
        return self._otherwise if function is None else function(event)
