"""The charter: the organisation's reviewed files as one frozen, versioned value."""

__all__ = ["Charter"]

from desk_shared.charter.model import Charter
