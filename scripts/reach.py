"""Which tests run a line: a mutant there is met by these and by no others.

What a test gets from a cache, or from a fixture of the whole module, counts for the test that was
first. So a mutant may be called alive that another test would find, and never the other way round.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from coverage import CoverageData

# Of each module and line: the tests that run it, "" where an import does.
Reach = Mapping[PurePosixPath, Mapping[int, frozenset[str]]]
IMPORT = ""
_Function = ast.FunctionDef | ast.AsyncFunctionDef


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
    return _sort(tests)


def find_importing(
    reach: Reach, path: PurePosixPath, texts: Mapping[PurePosixPath, str], line: int
) -> list[str] | None:
    """For a line that an import runs: the tests that could see it; None if that may be any.

    `texts` are the modules of the package and the tests. Of a decorator or a default these are the
    tests that run its function; of a constant those that run a function that reads it, and the
    modules of tests that do. Where another import reads it, or a support of tests, nobody can tell.
    """
    tree = ast.parse(texts[path])
    if function := _find_signature(tree, line):
        return _sort(_run_body(reach, path, function))
    if not (names := _assigned_names(tree, line)):
        return None
    word = re.compile(rf"\b({'|'.join(sorted(names))})\b")
    tests = set[str]()
    for place, text in texts.items():
        readers = list(_find_readers(ast.parse(text), names)) if word.search(text) else []
        if readers and place.name.startswith("test_"):
            tests.add(str(place))
        elif None in readers or (readers and place not in reach):
            return None
        else:
            tests.update(*(_run_body(reach, place, item) for item in readers if item))
    return _sort(tests)


def _find_signature(tree: ast.Module, line: int) -> _Function | None:
    """The function that a line decorates or declares, up to its body."""
    for node in ast.walk(tree):
        if isinstance(node, _Function):
            first = min(item.lineno for item in (node, *node.decorator_list))
            if first <= line < node.body[0].lineno:
                return node
    return None


def _assigned_names(tree: ast.Module, line: int) -> set[str]:
    """The constants of a module that a line gives their values."""
    return {
        name.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and node.lineno <= line <= (node.end_lineno or 0)
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }


def _run_body(reach: Reach, path: PurePosixPath, function: _Function) -> set[str]:
    lines = range(function.body[0].lineno, (function.end_lineno or 0) + 1)
    by_line = reach.get(path, {})
    return set[str]().union(*(by_line.get(line, ()) for line in lines)) - {IMPORT}


def _find_readers(tree: ast.Module, names: set[str]) -> Iterator[_Function | None]:
    """The outermost functions that read a name when they are called; None for an import."""
    waiting: list[tuple[ast.AST, _Function | None]] = [(tree, None)]
    while waiting:
        node, inside = waiting.pop()
        if _read_name(node) in names:
            yield inside
        for child in ast.iter_child_nodes(node):
            within = inside
            if within is None and isinstance(node, _Function) and child in node.body:
                within = node
            waiting.append((child, within))


def _read_name(node: ast.AST) -> str | None:
    """The name that a node reads; a text may be a full name that something is found by."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=str() as text):
            return text.rpartition(".")[2]
    return None


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


def _sort(tests: Iterable[str]) -> list[str]:
    return sorted(tests, key=lambda test: (test.startswith("tests/property/"), test))


def _test_of(context: str) -> str:
    """`test.py::test_it[case]|run` is `test.py::test_it`: of a case, all are asked."""
    return context.partition("|")[0].partition("[")[0]
