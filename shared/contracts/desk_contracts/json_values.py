"""The value of a record as JSON: in which mode it is written, and what it says.

Lenient reading is for outsiders' texts: half a character, bytes of another encoding. What cannot
be read there becomes U+FFFD, so that the rest of the text arrives.
"""

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Sequence
from email.message import Message as MimeHeaders

from pydantic_core import from_json

from desk_contracts.errors import Invalid
from desk_contracts.quotes import quote

_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")
_CHARSETS = frozenset({"iso-8859-1", "windows-1252", "utf-16", "utf-16le", "utf-16be"})
_CLOUDEVENTS = "application/cloudevents"
_LONGEST_TYPE = 200


def content_type_of(headers: Sequence[tuple[str, bytes | None]]) -> str:
    """What the record says its value is; empty if it does not say so readably."""
    for name, value in headers:
        if value and len(name) == len("content-type") and name.lower() == "content-type":
            return value[:_LONGEST_TYPE].decode("ascii", errors="replace").strip()
    return ""


def is_structured(
    content_type: str, value: bytes, headers: Sequence[tuple[str, bytes | None]]
) -> bool:
    """Whether the value holds the whole event. Without any `ce_` header it does if it looks so."""
    kind = content_type.lower().partition(";")[0].strip()
    if kind.startswith(_CLOUDEVENTS):
        if kind.startswith(f"{_CLOUDEVENTS}-batch"):
            text = "a batch of events is not part of Kafka's binding: publish a record for each"
            raise Invalid(text, code="bad-content-type")
        if kind not in (_CLOUDEVENTS, f"{_CLOUDEVENTS}+json"):
            text = f"the desk reads events in JSON ({_CLOUDEVENTS}+json), not in {quote(kind)}"
            raise Invalid(text, code="bad-content-type")
        return True
    has_attributes = any(name[:3].lower() == "ce_" for name, _ in headers)
    return not has_attributes and b'"specversion"' in value


def in_utf8(content_type: str, value: bytes) -> bytes:
    """The value in the encoding that JSON has, if its type names another one."""
    value = value.removeprefix(_BOM)
    if "charset" not in content_type.lower():
        return value
    parsed = MimeHeaders()
    parsed["content-type"] = content_type
    charset = str(parsed.get_content_charset() or "")
    if charset not in _CHARSETS:
        return value
    try:
        return value.decode(charset).encode()
    except ValueError as error:
        raise Invalid(f"the value is not {charset}, as its type says", code="bad-json") from error


def read_object(value: bytes) -> tuple[dict[str, object], bool]:
    """The JSON object, and whether it could be read only with replacements."""
    try:
        document, is_mended = from_json(value, allow_inf_nan=False), False
    except ValueError as error:
        document, is_mended = _mend(value, error), True
    if not isinstance(document, dict):
        raise Invalid("the value is not a JSON object", code="bad-json")
    return document, is_mended


def find_repeated_name(value: bytes) -> str | None:
    """Where an object has one name twice, as a JSON pointer; None if none has, or it is no JSON.

    JSON leaves open which of the two counts, so two readers of one text may see two things.
    """
    if b"{" not in value or _has_only_different(value):
        return None
    with contextlib.suppress(ValueError, RecursionError):
        try:
            _REFUSES_REPEATED.decode(value.decode(json.detect_encoding(value), "surrogatepass"))
        except _RepeatedNameError:
            return _locate_repeated(json.loads(value, object_pairs_hook=_Members))
    return None


def _has_only_different(value: bytes) -> bool:
    """Whether no two names in the whole text are the same, as in most that people send.

    Where nothing is escaped, and letters are written in UTF-8, every second part between the quotes
    of JSON is a string, and a colon behind it says that it is a name.
    """
    if b"\\" in value or b"\0" in value:
        return False
    parts = value.split(b'"')
    followers = zip(parts[1::2], parts[2::2], strict=False)
    names = [name for name, behind in followers if behind.lstrip().startswith(b":")]
    return len(set(names)) == len(names)


def has_repeated_name(value: bytes, read: int) -> bool:
    """Whether an object has one name twice, where `read` different names were read from the text.

    Each name has a colon: a text with as many colons as names needs no closer look.
    """
    return value.count(b":") != read and find_repeated_name(value) is not None


def refuse_repeated_name(text: bytes) -> None:
    """`Invalid` if an object has one name twice: nobody can say which of the two is meant."""
    pointer = find_repeated_name(text)
    if pointer is not None:
        raise Invalid(f"{quote(pointer)} is there twice; send it once", code="repeated-name")


class _RepeatedNameError(Exception):
    """An object has a name twice."""


class _Members(list[tuple[str, object]]):
    """An object with all that was written in it."""


def _refuse_repeated(members: list[tuple[str, object]]) -> None:
    if len(dict(members)) < len(members):
        raise _RepeatedNameError


# Made once: `json.loads` with a hook makes one for each text.
_REFUSES_REPEATED = json.JSONDecoder(object_pairs_hook=_refuse_repeated)


def _locate_repeated(whole: object) -> str | None:
    """Not by recursion: what is nested deeply has been read, and is walked as well."""
    parts = [("", whole)]
    for pointer, part in parts:
        if isinstance(part, _Members):
            seen: set[str] = set()
            for name, value in part:
                place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
                if name in seen:
                    return place
                seen.add(name)
                parts.append((place, value))
        elif isinstance(part, list):
            parts += ((f"{pointer}/{place}", item) for place, item in enumerate(part))
    return None


def data_of_document(document: dict[str, object]) -> dict[str, object]:
    """What a structured event says."""
    data, encoded = document.get("data"), document.get("data_base64")
    if data is not None and encoded is not None:
        raise Invalid("the event has both data and data_base64", code="bad-data")
    if isinstance(encoded, str):
        try:
            data, _ = read_object(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError) as error:
            raise Invalid(f"data_base64 is not base64: {error}", code="bad-data") from error
    if not isinstance(data, dict):
        kind = " but a text" if isinstance(data, str) else ""
        text = f"the structured event has no JSON object in data{kind}"
        raise Invalid(text, code="bad-data")
    return data


def _mend(value: bytes, first: ValueError) -> object:
    try:
        # The standard library reads half a surrogate pair, which is then replaced.
        document = json.loads(value.decode(errors="replace"))
        return _without_surrogates(document)
    except (ValueError, RecursionError):
        raise Invalid(f"the value is not JSON: {str(first)[:200]}", code="bad-json") from first


def _without_surrogates(value: object) -> object:
    match value:
        case str():
            return _SURROGATE.sub("\ufffd", value)
        case list():
            return [_without_surrogates(item) for item in value]
        case dict():
            return {
                _SURROGATE.sub("\ufffd", str(name)): _without_surrogates(item)
                for name, item in value.items()
            }
        case _:
            return value
