"""What is worked out of things that never change, once for all who ask about the newest of them."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class OncePerThing(Generic[K, T]):
    """By identity, since to compare such things may cost more than to work it out."""

    def __init__(self, work_out: Callable[[K], T], newest: int) -> None:
        self._work_out, self._newest = work_out, newest
        # Each is kept beside its answer, so that no other gets its identity.
        self._kept: OrderedDict[int, tuple[K, T]] = OrderedDict()

    def __call__(self, thing: K) -> T:
        kept = self._kept.get(id(thing))
        if kept is None:
            kept = self._kept[id(thing)] = (thing, self._work_out(thing))
            if len(self._kept) > self._newest:
                self._kept.popitem(last=False)
        return kept[1]
