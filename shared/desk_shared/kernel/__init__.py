"""What all pure rules share: what they are told, and what they decide."""

from desk_shared.kernel.decision import Context, Decision

__all__ = ["Context", "Decision"]
