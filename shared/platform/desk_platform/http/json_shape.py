"""What a body of JSON may be made of, told before anything is built of it.

A megabyte of brackets or of keys is small to send, and takes the loop a quarter of a second to
build, to judge and to throw away: that is too much for whoever has not even signed in.
"""

import json
from dataclasses import dataclass

from desk_contracts.message import message

from desk_platform.http.refusals import TooLarge


@dataclass(frozen=True, slots=True)
class Bounds:
    """How deep a body may be, how many members a list or object has, and how many all have."""

    depth: int = 64
    # More than the events of a batch, and than any list or object of ours may have.
    members: int = 1_000
    # A batch of the most events has a hundred for each.
    values: int = 50_000


BOUNDS = Bounds()
_STRUCTURE = b"[]{},"
_REST = bytes(set(range(256)) - set(_STRUCTURE))


def check_shape(body: bytes, bounds: Bounds = BOUNDS) -> None:
    """`TooLarge` if it is nested too deeply, or has too many values; nothing else is judged."""
    brackets = body.count(b"[") + body.count(b"{")
    if brackets <= bounds.depth and body.count(b",") < bounds.members:
        return
    # JSON may be UTF-16, of which each letter has a zero; JSON in UTF-8 has none.
    if b"\0" in body:
        body = body.decode(json.detect_encoding(body), errors="replace").encode(errors="replace")
    # Brackets and commas, without those that stand in texts. Bulk operations only: a batch of five
    # hundred events has ten thousand texts.
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    _count(b"".join(body.split(b'"')[::2]).translate(None, _REST), bounds)


def _count(structure: bytes, bounds: Bounds) -> None:
    members, values = [0], 0
    # Whatever is longer has either been refused by then, or closes what it never opened.
    for sign in structure[: 2 * bounds.values + 1]:
        if sign in b"[{":
            members.append(0)
            values += 1
        elif sign == ord(","):
            members[-1] += 1
            values += 1
        elif len(members) > 1:
            members.pop()
        if len(members) > bounds.depth + 1:
            raise TooLarge(message("request.too-deep", most=bounds.depth), code="too-deep")
        if members[-1] >= bounds.members:
            why = message("request.too-many-members", most=bounds.members)
            raise TooLarge(why, code="too-many-members")
        if values > bounds.values:
            why = message("request.too-many-values", most=bounds.values)
            raise TooLarge(why, code="too-many-values")
