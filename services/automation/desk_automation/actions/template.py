"""Fills ${parameters} into a runbook's texts: plain substitution, never evaluation."""

import re
from collections.abc import Mapping

from desk_contracts.errors import Rejected
from desk_contracts.message import Message, message
from pydantic import JsonValue

Values = Mapping[str, object]


_PARAMETER = re.compile(r"\$\{([^}]*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HEADER = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,4094}[\x21-\x7e])?")


class PlanFailed(Rejected):
    """The runbook asks for something that this event does not say."""

    code = "plan-failed"

    def __init__(self, why: Message) -> None:
        super().__init__(why)
        self.why = why


def fill(template: str, values: Values) -> str:
    """The text with every parameter replaced; `PlanFailed` names one without a value."""
    return _PARAMETER.sub(lambda match: plain(match[1], values), template)


def fill_header(template: str, values: Values) -> str:
    """The value of a header; what no header can carry is refused rather than changed."""
    text = fill(template, values)
    if not _HEADER.fullmatch(text):
        raise PlanFailed(message("plan.bad-header", header=template[:100]))
    return text


def fill_json(value: JsonValue, values: Values) -> JsonValue:
    """The same value with every text in it filled in."""
    if isinstance(value, str):
        return fill(value, values)
    if isinstance(value, list):
        return [fill_json(item, values) for item in value]
    if isinstance(value, dict):
        return {name: fill_json(item, values) for name, item in value.items()}
    return value


def plain(parameter: str, values: Values) -> str:
    """The value of a parameter as text; `PlanFailed` if it has none, or one nobody can read."""
    text = as_text(lookup(parameter.strip(), values))
    if text is None or text == "":
        raise PlanFailed(message("plan.no-value", parameter=parameter))
    if _CONTROL.search(text):
        raise PlanFailed(message("plan.control-character", parameter=parameter))
    return text


def lookup(path: str, values: Values) -> object:
    """What stands at a dotted path, or None."""
    value: object = values
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def as_text(value: object) -> str | None:
    """A scalar as people write it; None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float):
        return repr(value)
    return None
