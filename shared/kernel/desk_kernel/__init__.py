"""What all pure rules share: what they are given, what they decide, and by which event."""

from desk_kernel.backoff import Backoff
from desk_kernel.decision import Context, Decision
from desk_kernel.on import Readings, Reducers

__all__ = ["Backoff", "Context", "Decision", "Readings", "Reducers"]
