"""The worst of each four hours of the last eight days: what a trend is compared with.

Kept as numbers of a detector's state: the newest slot, and 48 slots before and with it. The worst
of a slot does not depend on the order of its samples. Space that is given back every night or week
has been as low before; a leak has not.
"""

from collections.abc import Sequence

SLOT_S = 4 * 3_600
SLOTS = 48
DAY = 6
"""Slots of a day."""
UNKNOWN = 1.7e308


def learn_worst(
    numbers: tuple[float, ...], at_s: float, value: float, *, is_low_worse: bool
) -> tuple[float, ...]:
    """With one more sample; the very same numbers if it was not the worst of its slot."""
    slot = at_s // SLOT_S
    newest = numbers[0] if numbers else slot
    kept = list(numbers[1:]) or [UNKNOWN] * SLOTS
    if slot > newest:
        passed = int(min(SLOTS, slot - newest))
        kept = [*kept[passed:], *[UNKNOWN] * passed]
        newest = slot
    place = SLOTS - 1 - int(newest - slot)
    if place < 0:
        return numbers
    before = kept[place]
    is_worse = value < before if is_low_worse else value > before
    if before != UNKNOWN and not is_worse and numbers and newest == numbers[0]:
        return numbers
    if before == UNKNOWN or is_worse:
        kept[place] = value
    return (newest, *kept)


def find_change_of_a_day(numbers: Sequence[float]) -> float | None:
    """How much the worst has moved since the same hours of the day before; None if unknown.

    Two slots each are compared, so that a job an hour later than yesterday is no change.
    """
    new, old = _know(numbers[-2:]), _know(numbers[-2 - DAY : -DAY])
    if len(new) < 2 or len(old) < 2:
        return None
    return (sum(new) - sum(old)) / 2


def find_past(numbers: Sequence[float]) -> tuple[float, float] | None:
    """The lowest and the highest of the worst before the last 8 hours; None without a day of it."""
    past = _know(numbers[1:-2])
    return (min(past), max(past)) if len(past) >= DAY else None


def _know(slots: Sequence[float]) -> list[float]:
    return [value for value in slots if value != UNKNOWN]
