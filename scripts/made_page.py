"""A page of `docs` that is made from the code: written, or said to be out of date."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def keep(page: Path, made: str, words: list[str]) -> int:
    """0 if all is well, 1 if the page is out of date, 2 if the words make no sense."""
    if words not in ([], ["check"]):
        print("Say nothing, or: check", file=sys.stderr)
        return 2
    if page.exists() and page.read_text(encoding="utf-8") == made:
        return 0
    if words:
        print(f"{page.relative_to(ROOT)} is out of date; run: make schemas", file=sys.stderr)
        return 1
    page.write_text(made, encoding="utf-8")
    print(page.relative_to(ROOT))
    return 0
