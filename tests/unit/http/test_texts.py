"""What shows nothing is no text: the model refuses them, and the document says so beforehand."""

import re
from typing import Annotated

import pytest
from desk_platform.http import RequiredText
from pydantic import TypeAdapter, ValidationError

TEXTS = TypeAdapter[str](Annotated[str, RequiredText(5)])


@pytest.mark.parametrize("text", ["a", " a ", "\ta\n", "a b", "\u3000ä\u2003", "  12345  "])
def test_what_shows_something_is_taken_without_the_blanks_around_it(text: str) -> None:
    assert TEXTS.validate_python(text) == text.strip()


UNSEEN = [
    "",
    " ",
    "\t",
    "\r\n",
    "\u3000",
    "\u2028",
    "\u0086\u0004",
    "\u00ad",
    "\u200b \u2060",
    "\u0301",
]


@pytest.mark.parametrize("text", [*UNSEEN, "123456"])
def test_blanks_and_what_is_too_long_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TEXTS.validate_python(text)


@pytest.mark.parametrize("text", UNSEEN)
def test_the_document_refuses_the_same_blanks(text: str) -> None:
    schema = TEXTS.json_schema()
    assert (schema["minLength"], schema["maxLength"]) == (1, 5)
    assert re.search(schema["pattern"], text) is None
