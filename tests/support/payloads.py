"""Payloads and events of any type, drawn from the model itself: every field, every value it allows.

Moments have a zone, as all of the desk's have; texts are short, so that events stay small.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from functools import cache
from string import ascii_lowercase, digits, hexdigits
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, Len, MaxLen, MinLen
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.attributes import TRACEPARENT
from desk_contracts.event_parser import is_open
from desk_contracts.message import Message
from desk_contracts.source_names import is_reserved
from desk_contracts.text import is_line, is_visible
from desk_contracts.value_types import LINE
from hypothesis import strategies as st
from pydantic import AfterValidator, AllowInfNan, AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

Strategy = st.SearchStrategy[object]

_LONGEST = 40
_ZONES = st.integers(-56, 56).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
_MOMENTS = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 (the zone is drawn)
    max_value=datetime(9998, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC) | _ZONES,
)
_PLAIN: Mapping[object, Strategy] = {
    bool: st.booleans(),
    date: st.dates(),
    datetime: _MOMENTS,
    AwareDatetime: _MOMENTS,
    timedelta: st.timedeltas(),
    NoneType: st.none(),
}
_WORDS = st.text(min_size=1, max_size=_LONGEST)
# An outsider's attributes have none of the signs that CloudEvents forbids.
_SIGNS = st.characters(exclude_categories=["Cc", "Cs"])
_CLEAN = st.text(_SIGNS, min_size=1, max_size=_LONGEST)
# Drawn as texts: what is drawn from a pattern is drawn sign by sign, a third of all the time here.
_TRACES = st.just("") | st.tuples(
    *(st.text(hexdigits[:16], min_size=size, max_size=size) for size in (2, 32, 16, 2))
).map("-".join).filter(TRACEPARENT.fullmatch)


@cache
def events(payload: type[Payload]) -> st.SearchStrategy[AnyEvent]:
    """Events of one type with any envelope that its writers may give it."""
    is_outside = is_open(payload)
    words, later = (
        (_CLEAN, st.text(_SIGNS, max_size=_LONGEST))
        if is_outside
        else (
            _WORDS,
            st.text(max_size=_LONGEST),
        )
    )
    parts = (
        words,
        words.filter(lambda source: not (is_outside and is_reserved(source))),
        words,
        _MOMENTS.map(lambda moment: moment.astimezone(UTC)),
        models(payload),
        st.none() if is_outside else st.none() | st.integers(1, 2**53),
        *(later, later, _TRACES),
    )
    return st.tuples(*parts).map(lambda drawn: Event(*drawn))


_CODES = st.tuples(
    st.text(ascii_lowercase, min_size=1, max_size=8),
    st.lists(st.text(ascii_lowercase + digits, min_size=1, max_size=8), min_size=1, max_size=2),
).map(lambda drawn: ".".join((drawn[0], *drawn[1])))
_SIMPLE = (
    st.text(max_size=_LONGEST)
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)


def messages() -> st.SearchStrategy[Message]:
    """Messages with any parameters; messages within them, two deep."""
    inner: st.SearchStrategy[Message] = _message(_SIMPLE | st.lists(_SIMPLE, max_size=2).map(tuple))
    return _message(_SIMPLE | inner | st.lists(_SIMPLE | inner, max_size=2).map(tuple))


def _message(values: Strategy) -> st.SearchStrategy[Message]:
    params = st.dictionaries(_WORDS, values, max_size=3)
    return st.tuples(_CODES, params).map(
        lambda drawn: Message.model_validate({"code": drawn[0], "params": drawn[1]})
    )


@cache
def models(model: type[BaseModel]) -> Strategy:
    """The model with any value in each field."""
    if model is Message:
        return messages()
    fields = {
        name: values(info.annotation, tuple(info.metadata))
        for name, info in model.model_fields.items()
    }
    return st.fixed_dictionaries(fields).map(lambda drawn: model(**drawn))


def values(annotation: object, limits: tuple[object, ...] = ()) -> Strategy:
    """Values of a field's annotation, within its limits; a TypeError for one not known here."""
    if get_origin(annotation) is Annotated:
        base, *more = get_args(annotation)
        return values(base, (*limits, *_flat(more)))
    if get_origin(annotation) in {UnionType, Union}:
        return st.one_of([values(choice, limits) for choice in get_args(annotation)])
    if isinstance(annotation, type) and (made := _class(annotation)) is not None:
        return made
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    return _sized(annotation, limits)


def _class(annotation: type) -> Strategy | None:
    """Values of a class of ours; None for a plain type."""
    if issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    if issubclass(annotation, BaseModel):
        return models(annotation)
    return None


def _sized(annotation: object, limits: tuple[object, ...]) -> Strategy:
    least, most = _range(limits)
    if annotation is str:
        texts = st.text(min_size=least, max_size=min(most, _LONGEST))
        if LINE in limits:
            texts = texts.filter(is_line)
        names_somebody = least and any(isinstance(limit, AfterValidator) for limit in limits)
        return texts.filter(is_visible) if names_somebody else texts
    if annotation in (int, float):
        return _number(annotation, limits)
    match get_origin(annotation), get_args(annotation):
        case origin, words if origin is Literal:
            return st.sampled_from(words)
        case origin, (item, end) if origin is tuple and end is Ellipsis:
            return st.lists(values(item), min_size=least, max_size=min(most, 3)).map(tuple)
        case origin, places if origin is tuple:
            return st.tuples(*map(values, places))
        case origin, (key, item) if origin is dict:
            return st.dictionaries(values(key), values(item), max_size=min(most, 3))
    raise TypeError(f"{annotation} is new in an event: say here how to draw it")


def _number(annotation: object, limits: tuple[object, ...]) -> Strategy:
    above = [
        limit.ge for limit in limits if isinstance(limit, Ge) and isinstance(limit.ge, int | float)
    ]
    below = [
        limit.le for limit in limits if isinstance(limit, Le) and isinstance(limit.le, int | float)
    ]
    if annotation is int:
        return st.integers(max([-(2**63), *map(int, above)]), min([2**63 - 1, *map(int, below)]))
    is_finite = any(isinstance(limit, AllowInfNan) and not limit.allow_inf_nan for limit in limits)
    if above or below:
        least, most = max(above, default=None), min(below, default=None)
        return st.floats(least, most, allow_nan=False, allow_infinity=not is_finite)
    return st.floats(allow_nan=not is_finite, allow_infinity=not is_finite)


def _range(limits: tuple[object, ...]) -> tuple[int, int]:
    least, most = 0, _LONGEST
    for limit in limits:
        if isinstance(limit, MinLen | Len):
            least = max(least, limit.min_length)
        if isinstance(limit, MaxLen | Len) and limit.max_length is not None:
            most = min(most, limit.max_length)
    return least, most


def _flat(extras: list[object]) -> Iterator[object]:
    for extra in extras:
        if isinstance(extra, FieldInfo):
            yield from extra.metadata
        else:
            yield extra
