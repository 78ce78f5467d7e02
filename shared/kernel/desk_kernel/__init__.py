"""What all pure rules share: what they are given, what they decide, and by which event."""

from desk_kernel.backoff import Backoff
from desk_kernel.decision import Context, Decision
from desk_kernel.on import Readings, Reducers
from desk_kernel.once import OncePerThing

__all__ = ["Backoff", "Context", "Decision", "OncePerThing", "Readings", "Reducers"]
