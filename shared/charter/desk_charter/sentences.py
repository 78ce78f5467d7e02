"""Says in a plain sentence what a validation error asks the author to change."""

import difflib
from collections.abc import Callable, Iterable, Mapping

from pydantic_core import ErrorDetails

from desk_charter.value_types import CharterModel

# What a pattern means, for people.
_FORMS = {
    "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$": "small letters, digits and dashes, like print-and-rooms",
    r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$": "small letters with dots, like disk.free.percent",
    r"^[a-z][a-z0-9+.-]*:\S*$": "a channel address, like log: or mailto:team@example.org",
    "^[A-Z]{2}$": "a country code of two capitals, like DE",
    r"^[^@\s]+@[^@\s]+$": "a mail address, like team@example.org",
    r"^[a-z][a-z0-9_]*$": "small letters, digits and underscores, like start_date",
    r"^desk\.[a-z.-]+\.v\d+$": "an event type, like desk.signal.raised.v1",
    r"^[a-z0-9][a-z0-9-]*\*?$": "a service, or the beginning of several like erp-*",
    "^[0-9a-f]{64}$": "the SHA-256 digest of the token: 64 hex digits in small letters",
}
_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "fields with values",
    "model_type": "fields with values",
    "model_attributes_type": "fields with values",
    "date_type": "a date like 2026-12-24",
    "date_from_datetime_parsing": "a date like 2026-12-24",
    "date_from_datetime_inexact": "a date like 2026-12-24, without a time",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


def sentence_for(error: ErrorDetails) -> str:
    """The sentence for one validation error."""
    kind = error["type"]
    context: Mapping[str, object] = error.get("ctx", {})
    if kind in _TYPES:
        return f"{_shown(error['input'])} is not {_TYPES[kind]}; write {_TYPES[kind]}"
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"{_shown(error['input'])} is out of range; write {words} {context[key]}"
    special = _SPECIAL.get(kind)
    return special(error, context) if special else error["msg"]


def close_to(word: str, words: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or nothing."""
    close = difflib.get_close_matches(word, sorted(set(words)), n=1, cutoff=0.65)
    return f" (did you mean '{close[0]}'?)" if close else ""


def one_of(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = list(words)
    return f"{', '.join(most)} or {last}" if most else last


def _describe_missing(error: ErrorDetails, _: Mapping[str, object]) -> str:
    return f"'{error['loc'][-1]}' is missing; add it"


def _unknown_field(error: ErrorDetails, _: Mapping[str, object]) -> str:
    name = str(error["loc"][-1])
    return f"'{name}' is not a field here{close_to(name, _field_names())}; rename or remove it"


def _not_allowed(error: ErrorDetails, context: Mapping[str, object]) -> str:
    expected = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
    return f"{_shown(error['input'])} is not possible here; write {one_of(expected)}"


def _wrong_form(error: ErrorDetails, context: Mapping[str, object]) -> str:
    pattern = str(context["pattern"])
    form = _FORMS.get(pattern, f"the form {pattern}")
    return f"{_shown(error['input'])} does not fit; write {form}"


def _own_words(_: ErrorDetails, context: Mapping[str, object]) -> str:
    return str(context["error"])


def _too_short(_: ErrorDetails, context: Mapping[str, object]) -> str:
    return f"write at least {context['min_length']} here"


def _too_long(_: ErrorDetails, context: Mapping[str, object]) -> str:
    return f"this is too long; at most {context['max_length']} are read"


def _no_kind(_: ErrorDetails, context: Mapping[str, object]) -> str:
    return f"{context['discriminator']} is missing; add it to say which sort this is"


def _unknown_kind(_: ErrorDetails, context: Mapping[str, object]) -> str:
    expected = str(context["expected_tags"]).replace("'", "").split(", ")
    return f"{context['discriminator']} '{context['tag']}' is not known; write {one_of(expected)}"


_SPECIAL: dict[str, Callable[[ErrorDetails, Mapping[str, object]], str]] = {
    "missing": _describe_missing,
    "extra_forbidden": _unknown_field,
    "enum": _not_allowed,
    "literal_error": _not_allowed,
    "string_pattern_mismatch": _wrong_form,
    "value_error": _own_words,
    "too_short": _too_short,
    "string_too_short": _too_short,
    "too_long": _too_long,
    "string_too_long": _too_long,
    "union_tag_not_found": _no_kind,
    "union_tag_invalid": _unknown_kind,
}


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list | tuple):
        return "this"
    return f"'{str(value)[:60]}'"


def _field_names() -> set[str]:
    """Every field name of the charter, as it is written in YAML."""
    names: set[str] = set()
    pending: list[type[CharterModel]] = [CharterModel]
    while pending:
        model = pending.pop()
        pending.extend(model.__subclasses__())
        names.update(field.alias or name for name, field in model.model_fields.items())
    return names
