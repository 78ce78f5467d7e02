"""What is wrong with an input, of all that pydantic reports about it."""

from collections.abc import Sequence

from pydantic_core import ErrorDetails


def list_mistakes(reported: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """All but the count of a list that has wrong items: pydantic counts the right ones alone.

    Whoever sent three items, one of them wrong, would be asked for three.
    """
    places = [report["loc"] for report in reported]

    def has_wrong_item(place: tuple[int | str, ...]) -> bool:
        return any(len(other) > len(place) and other[: len(place)] == place for other in places)

    return [
        report
        for report in reported
        if report["type"] != "too_short" or not has_wrong_item(report["loc"])
    ]
