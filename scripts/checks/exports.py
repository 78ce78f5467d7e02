"""`exports`: a package's `__all__` is what others take from it, no more and no less."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from scripts.checks.source import Finding, Source

NAME = "exports"


def check_all(sources: Sequence[Source]) -> Iterator[Finding]:
    """Packages of `desk_*` that define or pass on anything."""
    modules = {dotted for source in sources if (dotted := _dotted(source.path))}
    packages = {
        dotted: source
        for source in sources
        if source.path.name == "__init__.py" and (dotted := _dotted(source.path))
    }
    taken = _taken(sources, packages)
    for name, source in packages.items():
        declared = _declared(source.tree)
        wanted = {
            export
            for export in taken[name]
            if export in (declared or ()) or f"{name}.{export}" not in modules
        }
        if declared is None and (wanted or _passes_on(source.tree)):
            yield source.finding(1, NAME, f"{name} declares no __all__.")
        for extra in sorted((declared or set()) - wanted):
            yield source.finding(1, NAME, f"nobody takes '{extra}' from {name}.")
        for missing in sorted(wanted - (declared or set())):
            yield source.finding(1, NAME, f"others take '{missing}', which __all__ lacks.")


def _taken(sources: Sequence[Source], packages: Mapping[str, Source]) -> Mapping[str, set[str]]:
    """What each package gives to modules outside it."""
    taken: dict[str, set[str]] = defaultdict(set)
    for source in sources:
        own = _dotted(source.path)
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.ImportFrom):
                continue
            module = node.module or ""
            if module in packages and not own.startswith(f"{module}."):
                taken[module].update(alias.name for alias in node.names)
    return taken


def _declared(tree: ast.Module) -> set[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return None


def _passes_on(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom | ast.FunctionDef | ast.ClassDef) for node in tree.body
    )


def _dotted(path: PurePosixPath) -> str:
    """`desk_x.a.b` of a file; empty for files outside such packages."""
    parts = path.with_suffix("").parts
    first = next((index for index, part in enumerate(parts) if part.startswith("desk_")), None)
    if first is None or parts[0] in {"tests", "bench", "storm", "demo"}:
        return ""
    return ".".join(parts[first:]).removesuffix(".__init__")
