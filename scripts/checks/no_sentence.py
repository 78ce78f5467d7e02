"""`no-sentence`: pure code means a code and parameters; catalogues hold the sentences."""

import ast
import re
from collections.abc import Iterator

from scripts.checks.room import is_pure
from scripts.checks.source import Finding, Source

NAME = "no-sentence"

# What a condition cannot mean is told to the author of a runbook, beside file and line.
_FOR_AUTHORS = "services/automation/desk_automation/conditions/"
# Four words with blanks between them; patterns and keys have none.
_SENTENCE = re.compile(r"[A-Za-z']+,? [a-z']+,? [a-z']+,? [a-z']+")


def check(source: Source) -> Iterator[Finding]:
    """Texts of pure modules, but for docstrings and what is raised at a programmer."""
    if not is_pure(source.path) or str(source.path).startswith(_FOR_AUTHORS):
        return
    excused = {id(text) for text in _of_programmers(source.tree)}
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) not in excused and _SENTENCE.search(node.value):
            yield source.finding(
                node, NAME, "a sentence: give it a code, and a line in each catalogue."
            )


def _of_programmers(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        if isinstance(node, ast.Raise | ast.Assert):
            yield from ast.walk(node)
