"""Fills ${parameters} into a runbook's texts: plain substitution, never evaluation."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from desk_shared.errors import Rejected
from pydantic import JsonValue

Values = Mapping[str, object]

_PARAMETER = re.compile(r"\$\{([^}]*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class PlanFailed(Rejected):
    """The runbook asks for something that this event does not say."""

    code = "plan-failed"


def fill(template: str, values: Values) -> str:
    """The text with every parameter replaced; `PlanFailed` names one without a value."""
    return _PARAMETER.sub(lambda found: _plain(found[1], values), template)


def fill_address(template: str, values: Values) -> str:
    """A URL: what stands at its very beginning is an address, all else only a part of one.

    So a device called `../admin?x=` stays one path segment and cannot lead the call elsewhere.
    """

    def part(found: re.Match[str]) -> str:
        text = _plain(found[1], values)
        return text if found.start() == 0 else quote(text, safe="")

    return _PARAMETER.sub(part, template.strip())


def fill_json(value: JsonValue, values: Values) -> JsonValue:
    """The same value with every text in it filled in."""
    if isinstance(value, str):
        return fill(value, values)
    if isinstance(value, list):
        return [fill_json(item, values) for item in value]
    if isinstance(value, dict):
        return {name: fill_json(item, values) for name, item in value.items()}
    return value


def _plain(parameter: str, values: Values) -> str:
    text = as_text(lookup(parameter.strip(), values))
    if text is None or text == "":
        raise PlanFailed(f"${{{parameter}}} has no value in this event", parameter=parameter)
    if _CONTROL.search(text):
        raise PlanFailed(
            f"${{{parameter}}} has a control character in its value", parameter=parameter
        )
    return text


def lookup(path: str, values: Values) -> object:
    """What stands at a dotted path, or None."""
    found: object = values
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def as_text(value: object) -> str | None:
    """A scalar as people write it; None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float):
        return repr(value)
    return None
