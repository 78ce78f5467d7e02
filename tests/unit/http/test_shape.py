"""Bodies that are small to send and long to build are refused before anything is built of them."""

import json
from collections.abc import Iterator

import pytest
from desk_platform.http.json_shape import BOUNDS, Bounds, check_shape
from desk_platform.http.refusals import TooLarge
from hypothesis import given, settings
from hypothesis import strategies as st

FULL = b"[" + b",".join([b"[" + b",".join([b"0"] * BOUNDS.members) + b"]"] * 60) + b"]"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[" * 200_000, "too-deep"),
        (b"[" * 100_000 + b"]" * 100_000, "too-deep"),
        (b'{"a":' * 200_000, "too-deep"),
        (b'{"a":"\\\\","b":' + b"[" * (BOUNDS.depth + 1), "too-deep"),
        (("[" * 200).encode("utf-16"), "too-deep"),
        ('["\\""'.encode("utf-16-le") + (",[]" * 90_000).encode("utf-16-le"), "too-many-members"),
        (b"[" + b"0," * 500_000, "too-many-members"),
        (b"{" + b'"a":0,' * 150_000, "too-many-members"),
        (b'{"a":{"b":[' + b'"",' * 300_000, "too-many-members"),
        (FULL, "too-many-values"),
    ],
)
def test_what_is_long_to_build_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(TooLarge) as refused:
        check_shape(body)
    assert refused.value.kind == code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"text": "' + b"[{," * 300_000 + b'"}',
        b'{"text": "' + b'\\"[\\\\' * 200_000 + b'"}',
        json.dumps({"text": '"\\[,' * 50_000}).encode("utf-16"),
        b"]" * 1_000_000,
        b"[" * BOUNDS.depth + b"]" * BOUNDS.depth,
        json.dumps([{f"field {n}": n for n in range(90)}] * 500).encode(),
        json.dumps(list(range(BOUNDS.members))).encode(),
    ],
)
def test_what_people_write_and_systems_send_is_not_refused(body: bytes) -> None:
    check_shape(body)


def _containers(value: object, depth: int = 1) -> Iterator[tuple[int, int]]:
    """Depth and members of every list and object in it."""
    if isinstance(value, list | dict):
        inner = list(value.values() if isinstance(value, dict) else value)
        yield depth, len(inner)
        for item in inner:
            yield from _containers(item, depth + 1)


_NESTED = st.recursive(
    st.text('",[]{}\\ä\0x', max_size=8) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text('",[{\\'), inner),
    max_leaves=40,
)


@settings(deadline=None)
@given(_NESTED, st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32-be"]), st.booleans())
def test_exactly_what_is_larger_than_agreed_is_refused(
    value: object, encoding: str, is_ascii: bool
) -> None:
    containers = list(_containers(value))
    is_large = (
        any(depth > 3 or members > 3 for depth, members in containers)
        or sum(max(1, members) for _, members in containers) > 8
    )
    body = json.dumps(value, ensure_ascii=is_ascii).encode(encoding)
    try:
        check_shape(body, Bounds(depth=3, members=3, values=8))
        is_refused = False
    except TooLarge:
        is_refused = True
    assert is_refused == is_large
