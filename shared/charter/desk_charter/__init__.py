"""The charter: the organisation's reviewed files as one frozen, versioned value."""

__all__ = [
    "Charter",
    "CharterSource",
    "InvalidCharter",
    "Problem",
    "check_charter",
    "load_charter",
]

from desk_charter.check import check_charter
from desk_charter.load import load_charter
from desk_charter.model import Charter
from desk_charter.problems import InvalidCharter, Problem
from desk_charter.watch import CharterSource
