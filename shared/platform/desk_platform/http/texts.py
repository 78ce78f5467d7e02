"""Texts that callers write, as the OpenAPI document promises to take them."""

from dataclasses import dataclass
from typing import Annotated, Any

from desk_contracts.message import message
from desk_contracts.text import VISIBLE, is_line, is_visible
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function, str_schema

# Breaks of lines around a text are taken away with the blanks; none may be inside, and nothing that
# acts (`text.is_line`).
_AROUND = r"[\t-\r \u0085\u2028\u2029]*"
_INSIDE = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
_LINE = f"^{_AROUND}[^{_INSIDE}]*{_AROUND}$"
_VISIBLE_LINE = f"^{_AROUND}[^{_INSIDE}]*{VISIBLE}[^{_INSIDE}]*{_AROUND}$"


@dataclass(frozen=True)
class RequiredText:
    """A text in which something can be seen, without the blanks around it; `most` characters."""

    most: int

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        trimmed = str_schema(strip_whitespace=True, min_length=1, max_length=self.most)
        return no_info_after_validator_function(_check_visible, trimmed)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": VISIBLE}


class SingleLine:
    """A text that is one line by its nature, such as a title or a name; said in the document, too.

    Stands behind constraints that take the blanks around it away.
    """

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return no_info_after_validator_function(_check_line, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        document = handler(schema)
        return {**document, "pattern": _VISIBLE_LINE if document.get("minLength") else _LINE}


def _check_visible(text: str) -> str:
    if not is_visible(text):
        raise ValueError(message("field.nothing-to-see"))
    return text


def _check_line(text: str) -> str:
    if not is_line(text):
        raise ValueError(message("field.no-line"))
    return text


SINGLE_LINE = SingleLine()


RequiredName = Annotated[str, RequiredText(200), SINGLE_LINE]
# One that may be left out.
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), SINGLE_LINE]
