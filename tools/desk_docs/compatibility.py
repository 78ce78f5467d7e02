"""May today's schema of an event follow a released one? Each reason against it is a sentence.

The bar is a log that is read from its beginning, and readers older than its writers: fields are
only added, with a default. Lists of values may grow and limits be relaxed, readers upgraded first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Schema = Mapping[str, object]

# Words that only tell people something, and those that are compared in a way of their own.
_PROSE = frozenset({"title", "description", "$comment", "$id", "$schema", "examples"})
_WALKED = frozenset({"$defs", "$ref", "properties", "required", "items", "enum", "default"})
_LEAST = frozenset({"minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum"})
_MOST = frozenset({"maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"})


def breaks(released: Schema, today: Schema) -> list[str]:
    """Why a reader or an event of the released schema would fail; empty if none would."""
    return list(_Pair(released, today).compare(released, today, "the event"))


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two documents, so that references can be followed in each."""

    released: Schema
    today: Schema
    # The references that are being followed: a type may hold itself.
    _within: set[tuple[object, object]] = field(default_factory=set)

    def compare(self, released: Schema, today: Schema, place: str) -> Iterator[str]:
        """Everything that breaks in one place and below it."""
        references = (released.get("$ref"), today.get("$ref"))
        if references in self._within:
            return
        is_followed = references != (None, None)
        if is_followed:
            self._within.add(references)
        yield from self._compare(released, today, place)
        if is_followed:
            self._within.remove(references)

    def _compare(self, released: Schema, today: Schema, place: str) -> Iterator[str]:
        old, new = _resolve(self.released, released), _resolve(self.today, today)
        yield from _types(old, new, place)
        yield from _values(old, new, place)
        yield from _limits(old, new, place)
        if "properties" in old and "properties" in new:
            yield from self._fields(old, new, place)
        for word in ("items", "additionalProperties"):
            before, other = old.get(word), new.get(word)
            if isinstance(before, Mapping) and isinstance(other, Mapping):
                yield from self.compare(before, other, f"an entry of {place}")
        yield from self._choices(old, new, place)

    def _fields(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        before, now = _as_mapping(old["properties"]), _as_mapping(new["properties"])
        needed_before, needed = set(_list(old, "required")), set(_list(new, "required"))
        for name in sorted(before.keys() - now.keys()):
            yield f"{name} of {place} is gone (removed or renamed): keep it"
        for name in sorted((now.keys() - before.keys()) & needed):
            yield f"{name} of {place} is new and required: give it a default"
        for name in sorted(before.keys() & now.keys()):
            earlier, other = _as_mapping(before[name]), _as_mapping(now[name])
            if (name in needed_before) != (name in needed):
                change = "required" if name in needed else "optional"
                yield f"{name} of {place} became {change}: leave that as it was"
            elif earlier.get("default") != other.get("default"):
                yield f"{name} of {place} has another default: events without it change meaning"
            yield from self.compare(earlier, other, f"{name} of {place}")

    def _choices(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        before, now = _list(old, "anyOf"), _list(new, "anyOf")
        if len(before) != len(now):
            yield f"{place} has another choice of types: make it a new field"
            return
        for choice, other in zip(before, now, strict=True):
            yield from self.compare(_as_mapping(choice), _as_mapping(other), place)


def _types(old: Schema, new: Schema, place: str) -> Iterator[str]:
    """Whatever is neither prose, limit, nor walked elsewhere must be just what it was."""
    for word in sorted((old.keys() | new.keys()) - _PROSE - _WALKED - _LEAST - _MOST - {"anyOf"}):
        before, other = old.get(word), new.get(word)
        if not (isinstance(before, Mapping) and isinstance(other, Mapping)) and before != other:
            yield f"{place} has another {word}, {_show(before)} before and {_show(other)} now"
    for word in ("properties", "items"):
        if (word in old) != (word in new):
            yield f"{place} is something else now: make it a new field"


def _values(old: Schema, new: Schema, place: str) -> Iterator[str]:
    if ("enum" in old) != ("enum" in new):
        yield f"{place} {'was' if 'enum' in old else 'became'} a list of values: leave its type"
        return
    for value in _list(old, "enum"):
        if value not in _list(new, "enum"):
            yield f"{place} has lost the value {value!r}: keep it, old events have it"


def _limits(old: Schema, new: Schema, place: str) -> Iterator[str]:
    for word in sorted((old.keys() | new.keys()) & (_LEAST | _MOST)):
        before, now = old.get(word), new.get(word)
        if not isinstance(now, int | float):
            continue
        if not isinstance(before, int | float) or (
            now > before if word in _LEAST else now < before
        ):
            yield f"{place} has a tighter {word}, {_show(before)} before and {now} now: relax it"


def _resolve(document: Schema, schema: Schema) -> Schema:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    return _as_mapping(_as_mapping(document["$defs"])[reference.rpartition("/")[2]])


def _list(schema: Schema, word: str) -> list[object]:
    values = schema.get(word, [])
    return values if isinstance(values, list) else []


def _as_mapping(value: object) -> Schema:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is no part of a schema")
    return value


def _show(value: object) -> str:
    return "none" if value is None else str(value)
