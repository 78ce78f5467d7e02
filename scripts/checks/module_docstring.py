"""`module-docstring`: every module says in its first lines what it is for."""

import ast
from collections.abc import Iterator

from scripts.checks.source import Finding, Source

NAME = "module-docstring"


def check(source: Source) -> Iterator[Finding]:
    """Tests too: they say what they hold somebody to."""
    if not ast.get_docstring(source.tree):
        yield source.finding(1, NAME, "say in one to three lines what this module is for.")
