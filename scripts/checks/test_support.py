"""`test-support`: what test modules share lies in tests/support; none imports another one."""

import ast
from collections.abc import Iterator

from scripts.checks.source import Finding, Source

NAME = "test-support"

_SUPPORT = "tests.support"


def check(source: Source) -> Iterator[Finding]:
    """Imports of other test modules, whatever is taken from them; conftest gives its fixtures."""
    if not source.is_test:
        return
    for node in ast.walk(source.tree):
        for module in _modules(node):
            if module.startswith("tests") and not f"{module}.".startswith(f"{_SUPPORT}."):
                yield source.finding(
                    node,
                    NAME,
                    f"{module} is no module of tests/support: what is shared lies there.",
                )


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [item.name for item in node.names if item.name.partition(".")[0] == "tests"]
    if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "tests":
        module = node.module or ""
        return [f"{module}.{item.name}" for item in node.names] if module == "tests" else [module]
    return []
