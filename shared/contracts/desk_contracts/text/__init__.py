"""What people wrote: how it is compared, and how it is shown in each place. Pure functions.

- `characters`: what of a text can be seen at all;
- `words`: the one form in which words are compared;
- `sinks`: one function for each place that shows text which somebody else wrote.
"""

from desk_contracts.text.characters import VISIBLE, as_line, is_line, is_visible, without_invisible
from desk_contracts.text.sinks import csv_field, html_text, json_text, plain_line, plain_text
from desk_contracts.text.words import (
    NORMALISER,
    SpokenWords,
    name_of,
    plain_words,
    read_phrase,
    terms,
)

__all__ = [
    "NORMALISER",
    "VISIBLE",
    "SpokenWords",
    "as_line",
    "csv_field",
    "html_text",
    "is_line",
    "is_visible",
    "json_text",
    "name_of",
    "plain_line",
    "plain_text",
    "plain_words",
    "read_phrase",
    "terms",
    "without_invisible",
]
