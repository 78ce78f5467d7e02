"""Wishes: what people ask for and what they can do without, each on the day it was said.

- `demand_requested` (count): requests for a service that nobody offers. Who asks twice counts two.
- `obsolete_reported` (count): people saying that a service is no longer of use to them.
- `demand|<what>` (count): the same requests once more, by what was asked for.
"""

from desk_contracts.text import name_of

REQUESTED, OBSOLETE, DEMAND = "demand_requested", "obsolete_reported", "demand"
_LONGEST = 80


def name_demand(what: str) -> str:
    """What was asked for, under one name however it was written; it never holds the sign `|`."""
    name = name_of(what) or " ".join(what.split()).replace("|", "/")
    return name[:_LONGEST].rstrip()


def demand_measure(what: str) -> str:
    """The measure's name."""
    return f"{DEMAND}|{name_demand(what)}"


def read_demand(measure: str) -> str | None:
    """What was asked for, if the measure is one of these."""
    name, _, what = measure.partition("|")
    return what if name == DEMAND and what else None


def is_only_said(measure: str) -> bool:
    """Whether it is said of one service and yet no sign that it is used."""
    return measure == OBSOLETE or read_demand(measure) is not None
