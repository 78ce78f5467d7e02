"""Which reports mean the same: what an encoder says of their words, as one sign for each number.

Each number of a vector is compared with what it is in the desk's ordinary tickets; whether it is
more is the sign. Of two that mean the same few signs differ, in whatever languages they are. No
distance is good or bad by itself: texts are compared with tickets from before.
"""

import base64
import math
from collections.abc import Sequence
from functools import lru_cache
from struct import pack, unpack
from typing import Protocol

from desk_contracts.value_types import Identifier, Value

# What is ordinary is learned from so many tickets, and stays; with fewer there are no signs.
LEARNED_FROM = 300
# No more texts are encoded for the tickets of one minute; of the others words decide alone.
MOST_A_MINUTE = 120
# So many of a problem's tickets stand for what it means; a ticket is compared with the nearest.
MOST_PLACES, _NEAREST = 100, 3
# Of those that join, so many may be tickets of their own; and each is so much nearer than these,
# as a share of the signs.
_WRONG, _ROOM, _FEW_OTHERS = 0.01, 1 / 32, 30


class Centre(Value):
    """What the numbers of ordinary tickets add up to, over the first ones."""

    tickets: int = 0
    sums: str = ""


class Placed(Value):
    """What a ticket means, in signs."""

    ticket: Identifier
    meaning: str


class Meanings(Protocol):
    """What words mean, as numbers."""

    @property
    def name(self) -> str:
        """Of the encoder; another one's numbers cannot be compared."""
        ...

    def encode(self, words: tuple[str, ...]) -> tuple[int, ...]:
        """The numbers of one text; always as many."""
        ...


def add_to(centre: Centre, vector: Sequence[int]) -> Centre:
    """With one ticket more."""
    sums = _read_sums(centre.sums) if centre.sums else [0] * len(vector)
    more = [so_far + number for so_far, number in zip(sums, vector, strict=True)]
    packed = base64.b85encode(pack(f"<{len(more)}i", *more)).decode()
    return Centre(tickets=centre.tickets + 1, sums=packed)


def place(centre: Centre, vector: Sequence[int]) -> str:
    """The signs of a vector, as text."""
    bits, sums = 0, _read_sums(centre.sums)
    for number, ordinary in zip(vector, sums, strict=True):
        bits = bits << 1 | (number * centre.tickets > ordinary)
    return base64.b85encode(bits.to_bytes(-(-len(vector) // 8), "big")).decode()


def measure(places: Sequence[Placed], meaning: str) -> float:
    """By how many signs it differs from the nearest of these, on average; infinity for none."""
    signs = _read(meaning)
    if signs is None:
        return math.inf
    others = (_read(item.meaning) for item in places)
    distances = sorted((signs ^ other).bit_count() for other in others if other is not None)
    if len(distances) < _NEAREST:
        return math.inf
    return sum(distances[:_NEAREST]) / _NEAREST


def find_limit(distances: Sequence[float], share: float, width: int) -> float:
    """The distance that so few other tickets are within that hardly a wrong one joins; below 0,
    none is near enough. `distances` are those of the others, the nearest first.
    """
    if len(distances) < _FEW_OTHERS:
        return -1.0
    share = min(0.9, share)
    allowed = int(_WRONG * share / (1 - share) * len(distances))
    return distances[min(allowed, len(distances) - 1)] - _ROOM * width


def width_of(centre: Centre) -> int:
    """How many signs there are."""
    return len(_read_sums(centre.sums)) if centre.sums else 0


@lru_cache(maxsize=16_384)
def _read(meaning: str) -> int | None:
    """The signs; None where there are none, or no more since the ticket was erased."""
    try:
        return int.from_bytes(base64.b85decode(meaning), "big") if meaning else None
    except ValueError:
        return None


@lru_cache(maxsize=4)
def _read_sums(sums: str) -> list[int]:
    packed = base64.b85decode(sums)
    return list(unpack(f"<{len(packed) // 4}i", packed))
