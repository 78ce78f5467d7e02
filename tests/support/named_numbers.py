"""Numbers that tests of a service take from its code by name: their tests move with them."""

import ast
from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
Number = int | float | timedelta


def find_named_numbers(service: str) -> Mapping[str, Number]:
    """By their full names, as they are now."""
    files = [
        *(TESTS / "unit" / service).rglob("*.py"),
        *(TESTS / "property" / service).rglob("*.py"),
        *(TESTS / "support").glob(f"{service}_*.py"),
    ]
    numbers = {name: number for file in files for name, number in _find_in(file, service)}
    return dict(sorted(numbers.items()))


def _find_in(file: Path, service: str) -> Iterator[tuple[str, Number]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        module = node.module if isinstance(node, ast.ImportFrom) else None
        if isinstance(node, ast.ImportFrom) and module and module.startswith(f"desk_{service}."):
            for item in node.names:
                number = getattr(import_module(module), item.name, None)
                if isinstance(number, int | float | timedelta) and item.name.isupper():
                    yield f"{module}.{item.name}", number
