"""One Python file as a rule sees it, and what a rule finds in it."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

_SKIP = re.compile(r"#\s*desk-skip:\s*(?P<code>[a-z-]+)\s*(?P<reason>.*)$")


@dataclass(frozen=True)
class Finding:
    """A place that breaks a rule, with a sentence that says what to do."""

    path: PurePosixPath
    line: int
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.rule}] {self.sentence}"


@dataclass(frozen=True)
class Source:
    """The text of a file, its path from the project's root, and its tree."""

    path: PurePosixPath
    text: str

    @classmethod
    def read(cls, root: Path, path: PurePosixPath) -> "Source":
        return cls(path, (root / path).read_text(encoding="utf-8"))

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=str(self.path))

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def is_test(self) -> bool:
        return self.path.parts[0] == "tests"

    def finding(self, node: ast.AST | int, rule: str, sentence: str) -> Finding:
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return Finding(self.path, line, rule, sentence)

    def excuse(self, finding: Finding) -> str | None:
        """The reason after `# desk-skip: CODE` on the finding's line; None if there is none."""
        line = self.lines[finding.line - 1] if self.lines else ""
        match = _SKIP.search(line)
        if match is None or match["code"] != finding.rule:
            return None
        return match["reason"].strip() or None


def dotted(node: ast.expr) -> str:
    """`a.b.c` for a chain of names, and nothing for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            before = dotted(value)
            return f"{before}.{attr}" if before else ""
        case _:
            return ""
