"""What all pure rules share: what they are given, what they decide, and by which event."""

from desk_shared.kernel.backoff import Backoff
from desk_shared.kernel.decision import Context, Decision
from desk_shared.kernel.on import Readings, Reducers

__all__ = ["Backoff", "Context", "Decision", "Readings", "Reducers"]
