"""What a process that runs many tests makes once, since the same is made of the same each time."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from desk_charter import documents, load
from desk_charter.model import Charter
from desk_charter.problems import Check, Problem
from desk_charter.sections import Section
from desk_charter.watch import Fingerprint, fingerprint
from desk_local.paths import ROOT
from desk_platform.http import app as applications
from fastapi import routing
from fastapi.dependencies import utils as parameters
from httpx._transports import default as transports

from desk_testing.late_routes import look_once, make_routes_late

T = TypeVar("T")
_Read = Callable[
    [Path, Sequence[Section[Any]] | None, Sequence[Check]], tuple[Charter, tuple[Problem, ...]]
]


def make_things_once() -> None:
    """Hundreds of tests load the shipped charter and make all routes of a service, 76 of intake's.

    A client of HTTP reads the list of authorities as it is made, 25 ms of CPU: tests that wait for
    a service make one with each question.
    """
    documents.parse_document = lru_cache(maxsize=128)(documents.parse_document)
    load.read_charter = _read_shipped_once(load.read_charter)  # type: ignore[assignment]  # names
    parameters.analyze_param = _make_once(parameters.analyze_param)
    make_field = _make_once(routing.create_model_field)  # type: ignore[attr-defined]
    routing.create_model_field = make_field  # type: ignore[attr-defined]  # its own import
    make_routes_late()
    look = look_once(applications.refuse_undeclared)  # type: ignore[attr-defined]  # its own import
    applications.refuse_undeclared = look  # type: ignore[assignment,attr-defined]
    make_context = lru_cache(maxsize=8)(transports.create_ssl_context)  # type: ignore[attr-defined]
    transports.create_ssl_context = make_context  # type: ignore[attr-defined]  # httpx' own import


def _read_shipped_once(read: _Read) -> _Read:
    """Of the same files, sections, checks and packages; other folders are read each time."""

    @lru_cache(maxsize=32)
    def read_once(
        folder: Path,
        _seen: Fingerprint,
        _packages: tuple[str, ...],
        obeyed: tuple[Section[Any], ...] | None,
        checks: tuple[Check, ...],
    ) -> tuple[Charter, tuple[Problem, ...]]:
        return read(folder, obeyed, checks)

    def read_charter(
        folder: Path, obeyed: Sequence[Section[Any]] | None = None, checks: Sequence[Check] = ()
    ) -> tuple[Charter, tuple[Problem, ...]]:
        if folder.resolve() != ROOT / "charter":
            return read(folder, obeyed, checks)
        sections = None if obeyed is None else tuple(obeyed)
        return read_once(folder, fingerprint(folder), tuple(sys.path), sections, tuple(checks))

    return read_charter


@dataclass(frozen=True, eq=False)
class _Given:
    """One very object; what is equal to it may still be made into something else."""

    value: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Given) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def _make_once(make: Callable[..., T]) -> Callable[..., T]:
    """What FastAPI makes of one parameter or answer of a route; texts and sets are compared."""

    @lru_cache(maxsize=2_000)
    def make_of(given: tuple[tuple[str, object], ...]) -> T:
        return make(**{k: v.value if isinstance(v, _Given) else v for k, v in given})

    def make_once(**given: object) -> T:
        texts = {k: v for k, v in given.items() if isinstance(v, str)}
        sets = {k: frozenset(v) for k, v in given.items() if isinstance(v, set)}
        same = {k: _Given(v) for k, v in given.items()} | texts | sets
        return make_of(tuple(same.items()))

    return make_once
