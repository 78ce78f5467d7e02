"""The one form of a decision. Rules return it and know nothing of stores and brokers."""

from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from desk_contracts import AnyEvent

S = TypeVar("S")


class Context(NamedTuple):
    """What a rule is given beside its input: the time, lost races, the document it decides for.

    `more` says that the same batch has more for this document, of which some may be known already:
    what is costly may wait for the last, if the document is due until then. `began` is by the
    clock, also where `now` is an earlier moment. `arrived` is when the event came into the
    log, where the projection asks for it.
    """

    now: datetime
    round: int = 0
    id: str = ""
    more: bool = False
    began: datetime | None = None
    arrived: datetime | None = None


class Decision(NamedTuple, Generic[S]):
    """The new state, the events that follow, and when the document is due next (None: never)."""

    state: S
    events: tuple[AnyEvent, ...] = ()
    due: datetime | None = None
