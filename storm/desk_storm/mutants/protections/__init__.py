"""What automation is protected from: a row for each line that protects, a module a subject."""

from desk_storm.mutants.protection import Protection
from desk_storm.mutants.protections import (
    bad_inputs,
    breaker,
    failure_modes,
    patterns,
    places,
    promotion,
    removal,
    windows,
)

PROTECTIONS: tuple[Protection, ...] = (
    *failure_modes.PROTECTIONS,
    *bad_inputs.PROTECTIONS,
    *patterns.PROTECTIONS,
    *windows.PROTECTIONS,
    *breaker.PROTECTIONS,
    *promotion.PROTECTIONS,
    *places.PROTECTIONS,
    *removal.PROTECTIONS,
)

__all__ = ["PROTECTIONS"]
