"""All that triage decides in eleven stories, every field, against texts that people have read."""

import pytest

from tests.support.triage_decisions import EXPECTED, STORIES


@pytest.mark.parametrize("name", STORIES)
def test_what_is_decided_is_what_was_read_and_approved(name: str) -> None:
    """`python -m tests.support.triage_decisions` writes the texts anew."""
    assert STORIES[name]() == (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")
