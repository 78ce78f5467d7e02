"""What is known of a ticket's resolutions beside the facts of its life."""

from dataclasses import dataclass
from typing import NamedTuple


class Confirmation(NamedTuple):
    """The person said that it solved it: which resolution, by its sequence, and when."""

    resolution: int
    at: int


class Repeat(NamedTuple):
    """The person asked again about the same: when, and with which ticket."""

    at: int
    ticket: str


@dataclass(frozen=True, slots=True)
class SolutionNotes:
    """Texts and whole numbers only, so every store can hold it. Resolutions by their sequence."""

    confirmed: tuple[Confirmation, ...] = ()
    verified: tuple[int, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    # What was told of them.
    lasted: tuple[int, ...] = ()
    returned: tuple[int, ...] = ()
    # And those whose return was taken back, as often as it was.
    taken_back: tuple[int, ...] = ()


EMPTY = SolutionNotes()


class Solution(NamedTuple):
    """One resolution and what came of it; moments in microseconds, None for what is not so.

    `returned_at` is the first reopening or the first time its person asked again, if that was
    within seven days; `reopened_at` is the reopening, whenever that was.
    """

    resolution: int
    at: int
    confirmed_at: int | None = None
    is_verified: bool = False
    reopened_at: int | None = None
    returned_at: int | None = None
    again: str = ""
