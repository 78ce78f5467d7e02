"""`size`: a function of at most 40 lines, a module of at most 400; more needs a reason."""

import ast
from collections.abc import Iterator

from scripts.checks.source import Finding, Source

NAME = "size"

FUNCTION_LINES = 40
MODULE_LINES = 400


def check(source: Source) -> Iterator[Finding]:
    """The excuse stands on the line of the `def`, for a module on its first line."""
    count = len(source.lines)
    if count > MODULE_LINES:
        yield source.finding(
            1, NAME, f"{count} lines, {MODULE_LINES} are allowed: what are its two subjects?"
        )
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield source.finding(
                    node, NAME, f"{node.name} has {lines} lines, {FUNCTION_LINES} are allowed."
                )
