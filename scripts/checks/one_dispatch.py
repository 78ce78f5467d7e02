"""`one-dispatch`: what an event means stands in a table of reducers, not in a ladder of tests."""

import ast
from collections.abc import Iterator

from scripts.checks.source import Finding, Source, dotted

NAME = "one-dispatch"

_OTHERS = ("singledispatch", "singledispatchmethod")
# One test says to whom something applies; with two there is a choice.
_FEWEST_OF_A_LADDER = 2
_WHAT_IT_SAYS = ("data", "event.data")


def check(source: Source) -> Iterator[Finding]:
    """In services: other forms of dispatch, functions without a name, ladders by payload."""
    if source.path.parts[0] != "services":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "functools":
            yield from _other_forms(source, node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _unclear(source, node)


def _other_forms(source: Source, node: ast.ImportFrom) -> Iterator[Finding]:
    for item in node.names:
        if item.name in _OTHERS:
            yield source.finding(node, NAME, f"{item.name} is another form; use Reducers.")


def _unclear(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Finding]:
    if node.name == "_":
        yield source.finding(node, NAME, "a function's name says what it does.")
    if sum(map(_is_test, ast.walk(node))) >= _FEWEST_OF_A_LADDER:
        yield source.finding(
            node, NAME, f"{node.name} chooses by payload; use Reducers or Readings."
        )


def _is_test(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and dotted(node.func) == "isinstance"
        and dotted(node.args[0]) in _WHAT_IT_SAYS
    )
