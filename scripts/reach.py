"""Which tests run a line: a mutant there is met by these and by no others.

What a test gets from a cache, or from a fixture of the whole module, counts for the test that was
first. So a mutant may be called alive that another test would find, and never the other way round.
"""

import ast
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from coverage import CoverageData

# Of each module and line: the tests that run it, "" where an import does.
Reach = Mapping[PurePosixPath, Mapping[int, frozenset[str]]]
IMPORT = ""


def read_reach(file: Path, copy: Path, package: PurePosixPath) -> Reach:
    """What pytest-cov noted of a copy of a package; paths as they stand in the project."""
    data = CoverageData(str(file))
    data.read()
    return {
        package / PurePosixPath(name).relative_to(copy): {
            line: frozenset(_test_of(context) for context in contexts)
            for line, contexts in data.contexts_by_lineno(name).items()
        }
        for name in data.measured_files()
    }


def find_reaching(reach: Reach, path: PurePosixPath, text: str, line: int) -> list[str] | None:
    """The tests that run a line, unit tests first; None where it runs at an import."""
    span = find_statement(text, line)
    if span is None:
        return None
    by_line = reach.get(path, {})
    tests = frozenset[str]().union(*(by_line.get(number, ()) for number in span))
    if IMPORT in tests:
        return None
    return sorted(tests, key=lambda test: (test.startswith("tests/property/"), test))


def find_statement(text: str, line: int) -> range | None:
    """The lines of the innermost statement, of a block its head; None outside of functions.

    Which line of a statement counts as run, Python decides.
    """
    statements = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    around = [node for node in statements if node.lineno <= line <= (node.end_lineno or 0)]
    if not any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.body[0].lineno <= line
        for node in around
    ):
        return None
    inner = max(around, key=lambda node: (node.lineno, node.col_offset))
    is_block = hasattr(inner, "body") or isinstance(inner, ast.Match)
    return range(inner.lineno, (line if is_block else inner.end_lineno or line) + 1)


def _test_of(context: str) -> str:
    """`test.py::test_it[case]|run` is `test.py::test_it`: of a case, all are asked."""
    return context.partition("|")[0].partition("[")[0]
