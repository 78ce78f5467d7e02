"""For tests of every member: real servers, fixtures, and waiting for a condition, not a time."""

from desk_testing.eventually import eventually

__all__ = ["eventually"]
