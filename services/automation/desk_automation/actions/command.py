"""Arguments of commands: a parameter stays inside of its argument, and becomes no option."""

import re
from collections.abc import Iterator, Sequence

from desk_charter.addresses import PARAMETER
from desk_contracts.message import Message, message
from pydantic import Field

from desk_automation.actions.model import Action
from desk_automation.actions.template import PlanFailed, Values, plain

_LONGEST = 1000
# Behind it a program reads no more options.
_END_OF_OPTIONS = "--"


class CommandAction(Action):
    """What a command says by its exit code, beside 0 for done."""

    no_effect: tuple[int, ...] = Field(default=())
    later: tuple[int, ...] = Field(default=())


def fill_arguments(templates: Sequence[str], values: Values) -> tuple[str, ...]:
    """The arguments, one for each template; `PlanFailed` says which value does not fit."""
    return tuple(_fill_each(templates, values))


def fill_argument(template: str, values: Values) -> str:
    """One text for a command; values are as long as an argument may be, and whole letters."""

    def part(match: re.Match[str]) -> str:
        parameter = match[1]
        text = plain(parameter, values)
        if len(text) > _LONGEST:
            raise _unfit(parameter, message("plan.too-long", most=_LONGEST))
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise _unfit(parameter, message("plan.half-a-letter")) from error
        return text

    return PARAMETER.sub(part, template)


def _fill_each(templates: Sequence[str], values: Values) -> Iterator[str]:
    may_be_option = True
    for template in templates:
        text = fill_argument(template, values)
        begins = PARAMETER.match(template)
        if begins is not None and may_be_option and text.startswith("-"):
            raise _unfit(begins[1], message("plan.option"))
        may_be_option = may_be_option and template != _END_OF_OPTIONS
        yield text


def _unfit(parameter: str, why: Message) -> PlanFailed:
    return PlanFailed(message("plan.no-argument", parameter=parameter, why=why))
