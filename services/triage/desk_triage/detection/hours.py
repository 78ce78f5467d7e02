"""What a measurement usually is at an hour of the day, and of the week: 192 means, 960 bytes.

Hours are counted in UTC from the epoch: which hour of the week one is matters only to itself. An
hour of the week is used once three of them are known, an hour of the day once three days are.
"""

import struct
from base64 import b64decode, b64encode
from math import isfinite

HOUR_S = 3_600
_DAY, _WEEK = 24, 168
_SLOTS = _DAY + _WEEK
# Means of hours of the day, then of the week; then how many hours each is made of.
_FORM = struct.Struct(f"<{_SLOTS}f{_SLOTS}B")
_MEAN = struct.Struct("<f")
_FEWEST = 3
# The newest so many hours count: habits of a fleet change within weeks.
_DAYS_KEPT, _WEEKS_KEPT = 7, 4
_LARGEST = 3.0e38


def learn_hour(packed: str, hour: int, mean: float) -> str:
    """With the mean of one whole hour more; the form holds single precision."""
    numbers = list(_FORM.unpack(b64decode(packed)) if packed else _FORM.unpack(bytes(_FORM.size)))
    slots = ((hour % _DAY, _DAYS_KEPT), (_DAY + hour % _WEEK, _WEEKS_KEPT))
    for slot, kept in slots:
        seen = min(int(numbers[_SLOTS + slot]) + 1, kept)
        moved = numbers[slot] + (mean - numbers[slot]) / seen
        numbers[slot] = max(-_LARGEST, min(_LARGEST, moved)) if isfinite(moved) else 0.0
        numbers[_SLOTS + slot] = seen
    return b64encode(_FORM.pack(*numbers)).decode()


def find_hour(packed: str, hour: int) -> float | None:
    """The mean of that hour; None if too few such hours were seen."""
    if not packed:
        return None
    numbers = b64decode(packed)
    for slot in (_DAY + hour % _WEEK, hour % _DAY):
        if numbers[4 * _SLOTS + slot] >= _FEWEST:
            return float(_MEAN.unpack_from(numbers, 4 * slot)[0])
    return None
