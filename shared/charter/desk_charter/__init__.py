"""The charter: the organisation's reviewed files as one frozen, versioned value."""

__all__ = [
    "Charter",
    "CharterSource",
    "CharterStatus",
    "Check",
    "InvalidCharter",
    "Problem",
    "Refusal",
    "check_charter",
    "load_charter",
]

from desk_charter.check import check_charter
from desk_charter.load import load_charter
from desk_charter.model import Charter
from desk_charter.problems import Check, InvalidCharter, Problem
from desk_charter.watch import CharterSource, CharterStatus, Refusal
