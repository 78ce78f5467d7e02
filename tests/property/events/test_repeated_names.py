"""A name that an object has twice is found wherever it stands, and none that it has once."""

import json
from collections.abc import Sequence

from desk_contracts.json_values import find_repeated_name
from hypothesis import given
from hypothesis import strategies as st

# Names and texts with all that could be taken for the end of one.
PIECES = st.sampled_from(['"', ":", ",", "{", "}", "\\", " ", "a", "b", "ä", "\0", "\n"])
TEXTS = st.lists(PIECES, max_size=4).map("".join)


class Members(list[tuple[str, object]]):
    """An object as it is written, whatever its names."""


VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(st.tuples(TEXTS, inner), max_size=3).map(Members)
    ),
    max_leaves=8,
)


def write(value: object, pretty: bool, ascii_only: bool) -> str:
    """As JSON, in the order and with the names that it has."""
    between, behind = (" ,\n", " : ") if pretty else (",", ":")
    match value:
        case Members():
            members = (
                f"{json.dumps(name, ensure_ascii=ascii_only)}{behind}"
                f"{write(inner, pretty, ascii_only)}"
                for name, inner in value
            )
            return "{" + between.join(members) + "}"
        case list():
            return "[" + between.join(write(it, pretty, ascii_only) for it in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


def has_repeated(value: object) -> bool:
    if isinstance(value, Members):
        names: Sequence[str] = [name for name, _ in value]
        return len(set(names)) < len(names) or any(has_repeated(inner) for _, inner in value)
    return isinstance(value, list) and any(map(has_repeated, value))


@given(VALUES, st.booleans(), st.booleans(), st.sampled_from(["utf-8", "utf-16", "utf-32-be"]))
def test_what_is_there_twice_is_found_and_nothing_else(
    value: object, pretty: bool, ascii_only: bool, encoding: str
) -> None:
    text = write(value, pretty, ascii_only).encode(encoding)
    assert (find_repeated_name(text) is not None) == has_repeated(value)
