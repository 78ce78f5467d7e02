"""Whole decisions as text, every field of every event, to compare with texts that people read.

What is derived or differs between runs (ids, the charter's version) is numbered in the order in
which it appears: `#2` is the same everywhere in a text.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from desk_contracts import AnyEvent
from desk_contracts.value_types import Value
from pydantic import BaseModel

Stories = Mapping[str, Callable[[], str]]
_CHANGING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\bevent-\d+\b|\bticket-no-\d+\b"
    r"|\b[0-9a-f]{32,64}\b"
)


def describe_events(events: Iterable[AnyEvent]) -> str:
    """One paragraph for each event; fields that are as by default are left out."""
    return "\n".join(
        f"{event.type} {event.subject} {event.time:%a %H:%M:%S.%f}"
        f" id {event.id} source {event.source} correlation {event.correlation_id or '-'}"
        f" cause {event.causation_id or '-'} sequence {event.sequence}\n"
        f"{describe(event.data)}"
        for event in events
    )


def describe(value: BaseModel | Value, *left_out: str) -> str:
    """A line for each field."""
    fields = value.model_dump(mode="json", exclude_defaults=True, exclude={"charter", *left_out})
    return describe_fields(fields)


def describe_fields(fields: Mapping[str, Any]) -> str:
    """A line for each, in the order of their names."""
    return "".join(f"  {name}: {as_json(value)}\n" for name, value in sorted(fields.items()))


def as_json(value: Any) -> str:
    """On one line; of numbers six digits, since the last bits differ between machines."""
    return json.dumps(_round(value), ensure_ascii=False, sort_keys=True, default=str)


def _round(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.6g}")
        case dict():
            return {key: _round(item) for key, item in value.items()}
        case list() | tuple():
            return [_round(item) for item in value]
    return value


def number_ids(text: str) -> str:
    """The text with `#1`, `#2` in place of what differs between runs."""
    numbers: dict[str, str] = {}
    return _CHANGING.sub(lambda match: numbers.setdefault(match[0], f"#{len(numbers) + 1}"), text)


def write_stories(stories: Stories, folder: Path) -> None:
    """The expected files anew: read the difference before you keep it."""
    for name, tell in stories.items():
        (folder / f"{name}.txt").write_text(tell(), encoding="utf-8")
