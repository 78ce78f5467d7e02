"""What intake decides is as in texts that people have read, field by field."""

import pytest

from tests.support.intake_decisions import EXPECTED
from tests.support.intake_edges import STORIES


@pytest.mark.parametrize("name", STORIES)
def test_what_is_decided_is_what_was_read_and_approved(name: str) -> None:
    """`python -m tests.support.intake_edges` writes the texts anew."""
    assert STORIES[name]() == (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")
