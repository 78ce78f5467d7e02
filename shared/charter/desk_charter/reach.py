"""Whether something written later can still be reached past what is written before it."""

from collections.abc import Collection


def is_covered_by(earlier: Collection[str], later: Collection[str]) -> bool:
    """Whether each value that fits the later list fits the earlier: an empty list is any value."""
    return not earlier or (bool(later) and set(later) <= set(earlier))
