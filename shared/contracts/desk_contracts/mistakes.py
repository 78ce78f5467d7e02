"""What is wrong with an input, of all that pydantic reports about it."""

from collections.abc import Sequence

from pydantic_core import ErrorDetails


def list_mistakes(reported: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """All but the count of a list that has wrong items: pydantic counts the right ones alone.

    Whoever sent three items, one of them wrong, would be asked for three.
    """
    places = [report["loc"] for report in reported]
    around = {place[:depth] for place in places for depth in range(len(place))}
    return [
        report
        for report in reported
        if report["type"] != "too_short" or report["loc"] not in around
    ]
