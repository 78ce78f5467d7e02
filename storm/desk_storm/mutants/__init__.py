"""One line of the product changed for each law: a storm that does not find it proves nothing."""

from desk_storm.mutants import bus, front_door, messages, repairs, slas, tickets
from desk_storm.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *bus.MUTANTS,
    *tickets.MUTANTS,
    *repairs.MUTANTS,
    *slas.MUTANTS,
    *messages.MUTANTS,
    *front_door.MUTANTS,
)

__all__ = ["MUTANTS", "Mutant"]
