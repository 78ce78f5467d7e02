"""`no-sleep`: a test awaits its condition; a sleep is too short on a busy day, else too long."""

import ast
from collections.abc import Iterator

from scripts.checks.source import Finding, Source, dotted

NAME = "no-sleep"

_MODULES = ("asyncio", "time", "anyio")


def check(source: Source) -> Iterator[Finding]:
    """`sleep(0)`, which only lets others run, is fine."""
    if not source.is_test:
        return
    sleeps = set(_names_of_sleep(source.tree))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and dotted(node.func) in sleeps and not _is_zero(node):
            yield source.finding(
                node, NAME, "use `await eventually(check)` of desk_testing instead."
            )


def _names_of_sleep(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                if item.name in _MODULES:
                    yield f"{item.asname or item.name}.sleep"
        if isinstance(node, ast.ImportFrom) and node.module in _MODULES:
            for item in node.names:
                if item.name == "sleep":
                    yield item.asname or item.name


def _is_zero(call: ast.Call) -> bool:
    match call.args:
        case [ast.Constant(value=0)]:
            return True
        case _:
            return False
