"""`python -m scripts.checks [--only NAME]`: exit code 1 if anything is found."""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from scripts.checks import (
    exports,
    module_docstring,
    no_sentence,
    no_sleep,
    one_dispatch,
    one_name,
    one_use,
    pure,
    raw_terminal,
    room,
    size,
    test_support,
    topic_literals,
    verbs,
    vocabulary,
)
from scripts.checks.source import Finding, Source

# Rules that one file cannot break by itself.
OVER_ALL = {rule.NAME: rule.check_all for rule in (exports, one_name)}
ROOT = Path(__file__).resolve().parents[2]
RULES = {
    rule.NAME: rule.check
    for rule in (
        module_docstring,
        no_sentence,
        no_sleep,
        one_dispatch,
        one_use,
        pure,
        raw_terminal,
        room,
        size,
        test_support,
        topic_literals,
        verbs,
        vocabulary,
    )
}


def sources(root: Path) -> Iterator[Source]:
    """Python files that git knows or would take, so generated and local ones stay out."""
    command = ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "--", "*.py"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for line in sorted(set(listed.splitlines())):
        if (root / line).exists():
            yield Source.read(root, PurePosixPath(line))


def find(source: Source, names: Sequence[str]) -> Iterator[Finding]:
    """What the rules find and no reason excuses."""
    for name in names:
        for finding in RULES[name](source):
            if source.excuse(finding) is None:
                yield finding


def find_over_all(files: Sequence[Source], names: Sequence[str]) -> Iterator[Finding]:
    """The same of the rules over all files."""
    by_path = {source.path: source for source in files}
    for name in names:
        for finding in OVER_ALL[name](files):
            if by_path[finding.path].excuse(finding) is None:
                yield finding


def main() -> int:
    """Print the findings, one a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", choices=sorted({*RULES, *OVER_ALL}), help="one rule instead of all"
    )
    only = parser.parse_args().only
    names = [only] if only else sorted({*RULES, *OVER_ALL})
    files = list(sources(ROOT))
    single = [name for name in names if name in RULES]
    findings = [finding for source in files for finding in find(source, single)]
    findings.extend(find_over_all(files, [name for name in names if name in OVER_ALL]))
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings of {len(names)} rules in {len(files)} files.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
