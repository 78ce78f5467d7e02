"""A parameter that a route does not have is refused: a filter misspelled would filter nothing."""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import get_args, get_origin
from urllib.parse import parse_qsl

from desk_contracts.message import Message, message
from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

# As many as anybody means; a query of a hundred thousand names is no reading for people.
_MOST_NAMED = 20
_LONGEST_NAME = 100


def refuse_unknown_parameters(request: Request) -> None:
    """Raise what FastAPI raises for wrong fields; costs nothing where there is no query."""
    query: bytes = request.scope["query_string"]
    dependant = getattr(request.scope.get("route"), "dependant", None)
    if not query or not isinstance(dependant, Dependant):
        return
    given = Counter(name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    parameters = dict(_parameters(dependant))
    wrong = [
        *((name, _unknown(name, parameters)) for name in given.keys() - parameters.keys()),
        *(
            (name, message("request.parameter-twice"))
            for name, count in given.items()
            if count > 1 and not parameters.get(name, True)
        ),
    ]
    if wrong:
        raise RequestValidationError(
            [
                {
                    "type": "value_error",
                    "loc": ("query", name[:_LONGEST_NAME]),
                    "msg": "",
                    "ctx": {"error": ValueError(why)},
                }
                for name, why in sorted(wrong, key=lambda item: item[0])[:_MOST_NAMED]
            ]
        )


def _parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Each parameter of the query by the name that callers write, and whether it is a list."""
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        kinds = {get_origin(part) or part for part in (annotation, *get_args(annotation))}
        yield field.alias, not kinds.isdisjoint({list, tuple, set, frozenset})
    for inner in dependant.dependencies:
        yield from _parameters(inner)


def _unknown(name: str, parameters: Iterable[str]) -> Message:
    names = sorted(parameters)
    if not names:
        return message("request.no-parameters")
    near = difflib.get_close_matches(name[:_LONGEST_NAME], names, n=1)
    if near:
        return message("request.parameter-misspelled", meant=near[0], known=names)
    return message("request.unknown-parameter", known=names)
