"""`one-use`: a private helper of less than six lines with a single caller belongs into it."""

import ast
from collections import Counter
from collections.abc import Iterator

from scripts.checks.source import Finding, Source

NAME = "one-use"

FEWEST_LINES = 6
_ROOTS = ("services", "shared", "tools", "agent")


def check(source: Source) -> Iterator[Finding]:
    """Functions and methods; lines of the body without its docstring. Decorated ones are called
    by their decorator, what is only handed on, not called, needs a name, and a generator cannot
    be written where it is read."""
    if source.path.parts[0] not in _ROOTS:
        return
    calls, mentions = _uses(source.tree)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.decorator_list:
            continue
        if not node.name.startswith("_") or node.name.startswith("__"):
            continue
        is_generator = any(isinstance(inner, ast.Yield) for inner in ast.walk(node))
        if is_generator or calls[node.name] != mentions[node.name]:
            continue
        if calls[node.name] == 1 and _lines(node) < FEWEST_LINES:
            yield source.finding(
                node, NAME, f"{node.name} is short and has one caller: write it there."
            )


def _uses(tree: ast.Module) -> tuple[Counter[str], Counter[str]]:
    calls: Counter[str] = Counter()
    mentions: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            mentions[node.id] += 1
        if isinstance(node, ast.Attribute):
            mentions[node.attr] += 1
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                calls[called.id] += 1
            if isinstance(called, ast.Attribute):
                calls[called.attr] += 1
    return calls, mentions


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
