"""How far somebody has read a topic, as a short text that a reader may keep and give back."""

import re
from dataclasses import dataclass, replace

from desk_contracts.errors import Invalid

# Twelve partitions by design; a thousand would still be a short header.
_MOST_PARTITIONS = 1_000
_FORM = re.compile(r"([0-9a-f]{12})((?:-[0-9a-z]{1,13})+)")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Which making of the topic, and for each of its partitions the offset to be read next."""

    made: str
    offsets: tuple[int, ...]

    @property
    def text(self) -> str:
        """Its short form: `9c1f0a7be012-0-2s-1`."""
        return "-".join((self.made, *map(_write, self.offsets)))

    @classmethod
    def parse(cls, text: str) -> "LogPosition":
        """From its short form; `Invalid` for any other text."""
        match = _FORM.fullmatch(text)
        written = match[2][1:].split("-") if match else []
        offsets = tuple(int(item, 36) for item in written)
        if match is None or len(offsets) > _MOST_PARTITIONS or max(offsets) >= _LARGEST:
            raise Invalid("this is no position in a topic", code="bad-position")
        return cls(match[1], offsets)

    def at(self, partition: int) -> int:
        """The next offset of a partition; 0 of one that came later than this position."""
        return self.offsets[partition] if partition < len(self.offsets) else 0

    def after(self, partition: int, offset: int) -> "LogPosition":
        """With a record read."""
        offsets = list(self.offsets)
        offsets[partition] = max(offsets[partition], offset + 1)
        return replace(self, offsets=tuple(offsets))

    def join(self, other: "LogPosition") -> "LogPosition":
        """What either of two positions of one making of the topic has read."""
        count = max(len(self.offsets), len(other.offsets))
        offsets = tuple(max(self.at(number), other.at(number)) for number in range(count))
        return replace(self, offsets=offsets)

    def count_to(self, other: "LogPosition") -> int:
        """How many offsets lie between this position and a later one."""
        return sum(max(0, end - self.at(number)) for number, end in enumerate(other.offsets))


def _write(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits
