"""Makes what outsiders send fit its payload, instead of losing it.

A dead letter is for what cannot be understood. A title that is too long, a number for a text, an
unknown level are understood well enough: they are made to fit, and the event says which fields
were. Texts for people are cut with a sign; names that identify something keep a digest of the
whole, so that two long names never become one.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from annotated_types import MaxLen
from pydantic.fields import FieldInfo

from desk_contracts.envelope import Payload
from desk_contracts.text.characters import as_line, is_visible
from desk_contracts.value_types import LINE, Level, Severity, SubjectKind

Document = dict[str, object]

# What is derived from an event adds some fields to it and must stay under the limit of 64 KiB.
MOST_BYTES = 44 * 1024
_LONGEST_NAME, _LONGEST_VALUE, _MOST_ENTRIES = 200, 1_000, 50
_SIGN, _UNREADABLE, _NOTHING = "…", "\ufffd", "(no title)"
# Texts for people; every other text identifies something.
_PROSE = frozenset({"title", "summary", "text", "description"})
# What stands for a text that is not there.
STAND_INS: Mapping[str, tuple[str, ...]] = {
    "title": ("description", "change"),
    "summary": ("name",),
    "text": ("name",),
    "fingerprint": ("name",),
}
_SYNONYMS: Mapping[type[Enum], Mapping[str, str]] = {
    Severity: {
        **dict.fromkeys(("crit", "fatal", "emergency", "emerg", "alert", "disaster"), "critical"),
        **dict.fromkeys(("page", "p1", "sev1", "high"), "critical"),
        **dict.fromkeys(("information", "informational", "notice", "low", "debug"), "info"),
    },
    SubjectKind: {
        **dict.fromkeys(("host", "server", "node", "vm", "machine", "computer"), "device"),
        **dict.fromkeys(("laptop", "desktop", "pc", "printer", "phone"), "device"),
        **dict.fromkeys(("app", "application", "system"), "service"),
    },
    Level: {
        **dict.fromkeys(("critical", "urgent", "highest", "1"), "high"),
        **dict.fromkeys(("normal", "moderate", "2"), "medium"),
        **dict.fromkeys(("minor", "lowest", "3"), "low"),
    },
}
# An alert whose severity nobody knows is worth a look; a change of unknown kind is work on it.
_UNKNOWN: Mapping[str, str] = {"Severity": "warning", "ChangeKind": "maintenance"}
_ABSENT = object()


def amend(payload: type[Payload], given: Mapping[str, object]) -> tuple[Document, set[str]]:
    """The document as its payload allows it, and the names of the fields that were changed.

    What cannot be made to fit is left as it is, for validation to name.
    """
    fields, changed = payload.model_fields, set[str]()
    document: Document = {}
    for name, field in fields.items():
        value = given.get(name)
        fitted = _stand_in(field) if value is None else _fit(name, field, value)
        if fitted is not _ABSENT:
            document[name] = fitted
        if fitted != value and (value is not None or fitted is not _ABSENT):
            changed.add(name)
    for name in sorted(changed & _PROSE):
        whole = _text(given[name])
        if LINE in fields[name].metadata:
            whole = as_line(whole)
        changed |= _keep_whole(document, whole, fields, name)
    for name in sorted(STAND_INS.keys() & fields.keys()):
        text = document.get(name)
        if text in (None, "") or (name in _PROSE and not is_visible(_text(text))):
            document[name] = _instead(document, name, fields[name])
            changed.add(name)
    return document, changed


def halves(document: Mapping[str, object]) -> set[str]:
    """The fields in which something could not be read, and was replaced."""
    return {name for name, value in document.items() if _UNREADABLE in _text(value)}


def shrink(payload: Payload, changed: set[str]) -> Payload:
    """The payload within `MOST_BYTES`: what is longest loses its end until it fits."""
    while len(payload.__pydantic_serializer__.to_json(payload)) > MOST_BYTES:
        values: dict[str, Any] = {
            name: value
            for name in type(payload).model_fields
            if isinstance(value := getattr(payload, name), str | dict | tuple | list)
        }
        sizes = {name: len(_text(value).encode()) for name, value in values.items()}
        name = max(sizes, key=lambda name: sizes[name])
        value, half = values[name], len(values[name]) // 2
        if isinstance(value, str):
            value = _truncate(value, half)
        elif isinstance(value, dict):
            value = dict(list(value.items())[:half])
        else:
            value = value[:half]
        payload = payload.model_copy(update={name: value})
        changed.add(name)
    return payload


def _fit(name: str, field: FieldInfo, value: object) -> object:
    kind = _kind(field.annotation)
    if kind is str:
        return _text_for(name, field, value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice(kind, field, value)
    origin = get_origin(kind)
    if origin is dict:
        return dict(_entries(value))
    if origin is tuple:
        items = value if isinstance(value, list) else [value]
        texts = [_shorten_name(_text(item), _LONGEST_NAME) for item in items if item is not None]
        return texts[: 2 * _MOST_ENTRIES]
    return value


def _kind(annotation: object) -> object:
    """The type of a field, without `None` where it may be missing."""
    if get_origin(annotation) in (UnionType, Union):
        choices = [choice for choice in get_args(annotation) if choice is not type(None)]
        return choices[0] if len(choices) == 1 else annotation
    return annotation


def _text_for(name: str, field: FieldInfo, value: object) -> object:
    text = _text(value)
    if LINE in field.metadata:
        text = as_line(text)
    longest = _limit(field) or _LONGEST_NAME
    if name in _PROSE:
        return _truncate(text, longest)
    if len(text) > longest and not field.is_required() and field.default:
        return _ABSENT  # a language of 200 letters is none
    return _shorten_name(text, longest)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):  # a number of thousands of digits, a nest of thousands
        return _UNREADABLE


def _truncate(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + _SIGN


def _shorten_name(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return f"{text[: longest - len(digest) - 1]}{_SIGN}{digest}"


def _choice(kind: type[Enum], field: FieldInfo, value: object) -> object:
    word = _text(value).strip().casefold().replace("-", "_").replace(" ", "_")
    word = _SYNONYMS.get(kind, {}).get(word, word)
    if word in {str(member.value) for member in kind}:
        return value if value == word else word
    if not field.is_required():
        return _ABSENT
    stand_in = _stand_in(field)
    return value if stand_in is _ABSENT else stand_in


def _stand_in(field: FieldInfo) -> object:
    """What stands for a choice that is needed and was not made, or not in words that we know."""
    kind = _kind(field.annotation)
    name = kind.__name__ if isinstance(kind, type) and field.is_required() else ""
    return _UNKNOWN.get(name, _ABSENT)


def _entries(value: object) -> Iterator[tuple[str, str]]:
    entries = value if isinstance(value, dict) else {"value": value}
    kept = ((name, item) for name, item in entries.items() if item is not None)
    for _, (name, item) in zip(range(_MOST_ENTRIES), kept, strict=False):
        yield _shorten_name(str(name), _LONGEST_NAME), _truncate(_text(item), _LONGEST_VALUE)


def _keep_whole(
    document: Document, whole: str, fields: Mapping[str, FieldInfo], name: str
) -> set[str]:
    """The whole of a text that was cut, where the payload has a place for it."""
    if name == "description" or len(whole) <= len(str(document[name])):
        return set()
    if "description" in fields:
        rest = _text(document.get("description") or "")
        longest = _limit(fields["description"]) or _LONGEST_VALUE
        document["description"] = _truncate(f"{whole}\n\n{rest}".rstrip(), longest)
        return {"description"}
    if "attributes" in fields:
        entries = dict(_entries(document.get("attributes") or {}))
        document["attributes"] = dict(_entries({name: whole, **entries}))
        return {"attributes"}
    return set()


def _instead(document: Document, name: str, field: FieldInfo) -> object:
    """What stands for a text that is not there: the first line of what was said otherwise."""
    longest = _limit(field) or _LONGEST_NAME
    for other in STAND_INS[name]:
        first = next(iter(_text(document.get(other) or "").strip().splitlines()), "").strip()
        line = as_line(first) if LINE in field.metadata else first
        if is_visible(line):
            return _truncate(line, longest)
    return _NOTHING


def _limit(field: FieldInfo) -> int | None:
    return next((limit.max_length for limit in field.metadata if isinstance(limit, MaxLen)), None)
