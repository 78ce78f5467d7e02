"""Listings: what is read of each document, and where the next page begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic

from desk_platform.store.document import S

Facets = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Listed(Generic[S]):
    """A document as a listing has it: where it stands, and its state unless that cannot be read.

    One that cannot be read keeps its place, so that a page never ends early because of it.
    """

    id: str
    sort: object
    state: S | None
