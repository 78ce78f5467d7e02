"""Durations as everybody reads them: in days at most, however long they are."""

import json
from datetime import timedelta

import jsonschema
import pytest
from desk_contracts.value_types import Duration
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

SPANS = TypeAdapter[timedelta](Duration)


@pytest.mark.parametrize(
    ("span", "written"),
    [
        (timedelta(), "PT0S"),
        (timedelta(hours=26, seconds=1.5), "P1DT2H1.5S"),
        (timedelta(days=365), "P365D"),
        (timedelta(days=400, minutes=1), "P400DT1M"),
        (timedelta(days=-400), "-P400D"),
        (timedelta(hours=-1), "-PT1H"),
    ],
)
def test_no_year_is_made_of_days(span: timedelta, written: str) -> None:
    assert json.loads(SPANS.dump_json(span)) == written


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=99_999)))
def test_what_is_written_is_read_again_and_is_what_the_document_promises(span: timedelta) -> None:
    written = json.loads(SPANS.dump_json(span))
    assert SPANS.validate_json(json.dumps(written)) == span
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.validate(written, SPANS.json_schema(mode="serialization"), format_checker=checker)
