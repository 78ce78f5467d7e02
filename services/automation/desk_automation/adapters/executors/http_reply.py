"""What a target answered, read without believing it: no answer is too odd to be one.

The status decides. A body that cannot be read is said to be so; it never raises.
"""

import codecs
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from pydantic import JsonValue

# More of an answer is not read, before and after inflating; a target must not fill our memory.
MAX_ANSWER = 64 * 1024
_MAX_DEPTH = 64
_MAX_CODINGS = 2
_LARGEST = 2**63 - 1
_SECONDS = re.compile(r"[0-9]{1,9}")
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
# Encodings of text that people use; Python has others, some of which take very long.
_TEXTS = re.compile(
    r"utf-(8|8-sig|16|32)(-[lb]e)?|ascii|iso8859-\d+|cp\d+|koi8-[rut]|gb\w+|big5\w*"
    r"|shift_jis\w*|euc_\w+|mac-\w+"
)


_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class _Unreadable(ValueError):
    """The text says that it is JSON and is not, or not in one meaning."""


@dataclass(slots=True)
class Reply:
    """An answer as it comes in: status and headers first, then as much of the body as is read."""

    status: int
    headers: Sequence[tuple[bytes, bytes]] = ()
    raw: bytearray = field(default_factory=bytearray)
    is_cut: bool = False

    def header(self, name: str) -> str:
        """The values of a header, with commas between."""
        wanted = name.encode()
        values = [value for key, value in self.headers if key.lower() == wanted]
        return ", ".join(value.decode("latin-1") for value in values)


@dataclass(frozen=True, slots=True)
class Body:
    """What a body says. `value` counts only without a `trouble`."""

    text: str
    value: JsonValue
    trouble: str = ""


def body_of(reply: Reply) -> Body:
    """The body as JSON if it says that it is any, else as text."""
    raw, trouble = _decompress(reply)
    text = raw.decode(_find_encoding(reply, raw), "replace")
    if trouble:
        return Body(text, None, trouble)
    if reply.is_cut:
        return Body(text, None, f"it is longer than {MAX_ANSWER} bytes")
    kind = reply.header("content-type").partition(";")[0].strip().lower()
    is_json = text.lstrip()[:1] in {"{", "["} and not is_page(reply)
    if kind.endswith(("/json", "+json")):
        is_json = bool(text.strip())
    if not is_json:
        return Body(text, text)
    try:
        return Body(text, _json(text))
    except (ValueError, RecursionError) as error:
        return Body(text, None, f"it is no JSON: {str(error)[:200]}")


def is_page(reply: Reply) -> bool:
    """A page for people, such as a sign-in form, where a machine was asked."""
    kind = reply.header("content-type").partition(";")[0].strip().lower()
    return kind in {"text/html", "application/xhtml+xml"}


def read_retry_after(reply: Reply, now: datetime) -> float:
    """The seconds of `Retry-After`; a date counts by the target's own clock where it is told."""
    value = reply.header("retry-after").strip()
    if not value:
        return 0.0
    if _SECONDS.fullmatch(value):
        return float(value)
    until, since = _date(value), _date(reply.header("date"))
    return 0.0 if until is None else max(0.0, (until - (since or now)) / timedelta(seconds=1))


def _date(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _decompress(reply: Reply) -> tuple[bytes, str]:
    """The body without its transfer's compression, and what went wrong."""
    raw = bytes(reply.raw)
    codings = [item.strip().lower() for item in reply.header("content-encoding").split(",")]
    codings = [item for item in codings if item not in {"", "identity"}]
    if len(codings) > _MAX_CODINGS:
        return raw, "it is compressed again and again"
    for coding in reversed(codings):
        if coding not in {"gzip", "x-gzip", "deflate"}:
            return raw, f"its encoding '{coding[:40]}' is not known"
        try:
            raw, is_whole = _inflate(raw)
        except zlib.error as error:
            return raw, f"its compression is broken: {error}"
        if len(raw) > MAX_ANSWER:
            reply.is_cut = True
            return raw[:MAX_ANSWER], ""
        if not is_whole and not reply.is_cut:
            return raw, "its compression breaks off"
    return raw, ""


def _inflate(raw: bytes) -> tuple[bytes, bool]:
    if not raw:
        return raw, True
    try:
        inflating = zlib.decompressobj(wbits=47)  # gzip or zlib, as its head says
        inflated = inflating.decompress(raw, MAX_ANSWER + 1)
    except zlib.error:
        inflating = zlib.decompressobj(wbits=-15)  # what some servers call deflate
        inflated = inflating.decompress(raw, MAX_ANSWER + 1)
    return inflated, inflating.eof


def _find_encoding(reply: Reply, raw: bytes) -> str:
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return name
    match = _CHARSET.search(reply.header("content-type"))
    if match is None:
        return json.detect_encoding(raw) if raw[:1] in b"{[\x00" and b"\x00" in raw[:4] else "utf-8"
    try:
        name = codecs.lookup(match[1]).name
    except LookupError:
        return "utf-8"
    return name if _TEXTS.fullmatch(name) else "utf-8"


def _json(text: str) -> JsonValue:
    document: JsonValue = json.loads(
        text,
        parse_constant=_no_number,
        parse_int=_whole_number,
        parse_float=_number,
        object_pairs_hook=_object,
    )
    # Level by level, without recursion.
    level: list[JsonValue] = [document]
    depth = 0
    while level := [value for value in level if isinstance(value, dict | list)]:
        depth += 1
        if depth > _MAX_DEPTH:
            raise _Unreadable(f"it is nested more than {_MAX_DEPTH} deep")
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return document


def _no_number(text: str) -> float:
    raise _Unreadable(f"{text} is no number")


def _whole_number(text: str) -> int:
    number = int(text) if len(text) <= len(str(_LARGEST)) + 1 else _LARGEST + 1
    if abs(number) > _LARGEST:
        raise _Unreadable("a number in it is too large")
    return number


def _number(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise _Unreadable("a number in it is too large")
    return number


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonValue:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Unreadable("a name stands in it twice")
    return members
