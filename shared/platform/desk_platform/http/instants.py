"""Days and moments that callers write: as text, in the forms of RFC 3339.

pydantic also reads a number, as seconds or milliseconds since 1970, and digits in a text. The
documents say text, and whoever sends `0` hardly means the first of January 1970.
"""

import re
from datetime import date
from typing import Annotated, TypeVar

from desk_contracts.message import message
from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticKnownError

T = TypeVar("T", bound=date)

_NUMBER = re.compile(r"\s*[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?\s*")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or (
        isinstance(value, str) and _NUMBER.fullmatch(value) is not None
    )


def _refuse_number_as_day(value: object) -> object:
    if _is_number(value):
        raise PydanticKnownError("date_type")
    return value


def _refuse_number_as_moment(value: object) -> object:
    if _is_number(value):
        raise PydanticKnownError("datetime_type")
    return value


WrittenDay = Annotated[date, BeforeValidator(_refuse_number_as_day)]
WrittenMoment = Annotated[AwareDatetime, BeforeValidator(_refuse_number_as_moment)]


def between(first: T, last: T) -> AfterValidator:
    """The bounds of a day or moment, both allowed; JSON Schema has no word for them."""

    def check(value: T) -> T:
        if not first <= value <= last:
            bounds = (first.isoformat(), last.isoformat())
            raise ValueError(message("field.not-between", first=bounds[0], last=bounds[1]))
        return value

    return AfterValidator(check)
