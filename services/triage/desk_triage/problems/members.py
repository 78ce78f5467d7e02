"""Who is in a problem: a sequence that is never changed, and to which one is added at little cost.

It is kept in pages. One more copies the last page at most, however many there are, and what held
the sequence before still holds the same one.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

Member = tuple[str, str]
# So many are copied for one more at most; of 20,000 there are some 160 full pages.
PAGE = 128


class Members:
    """(ticket, person), in the order they came. Stored as a plain list."""

    __slots__ = ("_full", "_last")

    def __init__(self, members: Iterable[Member] = ()) -> None:
        every = tuple(members)
        whole = len(every) - len(every) % PAGE
        self._full = tuple(every[first : first + PAGE] for first in range(0, whole, PAGE))
        self._last = every[whole:]

    def add(self, member: Member) -> "Members":
        """The same and one more."""
        more = Members()
        last = (*self._last, member)
        is_whole = len(last) == PAGE
        more._full = (*self._full, last) if is_whole else self._full
        more._last = () if is_whole else last
        return more

    def __iter__(self) -> Iterator[Member]:
        return chain(chain.from_iterable(self._full), self._last)

    def __len__(self) -> int:
        return PAGE * len(self._full) + len(self._last)

    def __getitem__(self, index: int) -> Member:
        page, place = divmod(range(len(self))[index], PAGE)
        return self._full[page][place] if page < len(self._full) else self._last[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Members):
            return NotImplemented
        return (self._full, self._last) == (other._full, other._last)

    def __hash__(self) -> int:
        return hash((self._full, self._last))

    def __repr__(self) -> str:
        return f"Members({tuple(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        listed = handler.generate_schema(tuple[Member, ...])
        read = core_schema.no_info_after_validator_function(cls, listed)
        return core_schema.json_or_python_schema(
            json_schema=read,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), read]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                tuple, return_schema=listed
            ),
        )
