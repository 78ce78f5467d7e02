"""What a charter allows in its runbooks and their authors hardly mean, with file and line.

A line `# lint: allow <rule>, <why>` in the runbook excuses it from one rule.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

from desk_automation.conditions.expression import Inputs, condition, parts_of
from desk_charter import Charter, Problem
from desk_charter.documents import Document, read_document
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.runbooks import ActStep, Runbook

Rule = Literal[
    "charter", "no-verify", "no-undo", "unreachable", "overlap", "no-test", "over", "same-time"
]
_EQUAL = re.compile(r"""^\s*([\w.]+)\s*==\s*(["'])([^"']*)\2\s*$""")
_BOUND = re.compile(r"^\s*([\w.]+)\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$")
_GIVEN = re.compile(r"""^\s*(!?)\s*\(?\s*(["'])(\w+)\2\s+in\s+([\w.]+)\s*\)?\s*$""")
_ALLOW = re.compile(r"#\s*lint:\s*allow\s+([a-z-]+)\s*(?:,\s*(\S.*))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to be changed (error), or to be thought over (warning)."""

    file: str
    line: int
    level: Literal["error", "warning"]
    rule: Rule
    sentence: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a condition surely asks for, as far as plain comparisons say it."""

    equal: dict[str, set[str]]
    least: dict[str, float]
    most: dict[str, float]
    # Attributes that must be there, or must not.
    given: dict[str, set[bool]]

    @property
    def contradiction(self) -> str:
        """The attribute that cannot be what is asked; empty if nothing speaks against it."""
        for path, values in self.equal.items():
            if len(values) > 1 or False in self.given.get(path, ()):
                return path
        for path, presences in self.given.items():
            if len(presences) > 1:
                return path
        for path, least in self.least.items():
            if least > self.most.get(path, least):
                return path
        return ""


def findings_of(problems: Iterable[Problem]) -> Iterator[Finding]:
    """What refuses the charter: unknown attributes, durations without unit and all else."""
    for problem in problems:
        sentence = f"{problem.path}: {problem.sentence}"
        yield Finding(problem.file, problem.line, "error", "charter", sentence)


def find_all(charter: Charter, folder: Path) -> Iterator[Finding]:
    """All findings in the runbooks of a charter that is valid, in the order of their files."""
    runbooks = sorted(charter.of(RUNBOOKS), key=lambda runbook: runbook.id)
    sources = {runbook.id: _Source(folder, runbook) for runbook in runbooks}
    for runbook in runbooks:
        source = sources[runbook.id]
        yield from source.keep(_check(runbook, source))
    for first, second in combinations(runbooks, 2):
        if sentence := _describe_overlap(first, second):
            source = sources[second.id]
            yield from source.keep([source.make_finding("overlap", ("when",), sentence)])


class _Source:
    """One runbook's file."""

    def __init__(self, folder: Path, runbook: Runbook) -> None:
        path = folder / "runbooks" / f"{runbook.id}.yaml"
        self._file = f"runbooks/{path.name}"
        self._document: Document = read_document(path, self._file)
        allowed = _ALLOW.findall(path.read_text("utf-8"))
        self._allowed = {rule for rule, why in allowed if why.strip()}

    def make_finding(self, rule: Rule, where: tuple[str | int, ...], sentence: str) -> Finding:
        return Finding(self._file, self._document.line_of(where), "warning", rule, sentence)

    def keep(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Those that the file does not excuse with a reason."""
        return (finding for finding in findings if finding.rule not in self._allowed)


def _check(runbook: Runbook, source: _Source) -> Iterator[Finding]:
    if runbook.verify is None:
        sentence = "nothing says whether it helped; add 'verify' with a measurement"
        yield source.make_finding("no-verify", ("steps",), sentence)
    if runbook.risk == "reversible":
        for number, step in enumerate(runbook.steps):
            if isinstance(step, ActStep) and step.undo is None and step.effect != "pure":
                sentence = (
                    f"'risk: reversible' is written, and step '{step.id}' has no 'undo'; write how"
                    " it is taken back, or another risk"
                )
                yield source.make_finding("no-undo", ("steps", number), sentence)
    yield from _check_conditions(runbook, source)
    if not any(test.expect == "run" for test in runbook.tests):
        sentence = "no test shows an event that starts it; add one with 'expect: run'"
        yield source.make_finding("no-test", ("tests",), sentence)


def _check_conditions(runbook: Runbook, source: _Source) -> Iterator[Finding]:
    for place, text in runbook.when.conditions.items():
        if path := facts_of(text).contradiction:
            sentence = f"it can never hold: no {path} is all of that at once"
            yield source.make_finding("unreachable", ("when", *place), sentence)
        elif condition(text).names == frozenset():
            sentence = "it asks for nothing of the event, so it holds for all or for none"
            yield source.make_finding("unreachable", ("when", *place), sentence)


def facts_of(when: str) -> Facts:
    """What the parts of a condition that must all hold say by plain comparisons."""
    equal: dict[str, set[str]] = {}
    least: dict[str, float] = {}
    most: dict[str, float] = {}
    given: dict[str, set[bool]] = {}
    for part in parts_of(when):
        if match := _EQUAL.match(part):
            equal.setdefault(match[1], set()).add(match[3])
        elif match := _GIVEN.match(part):
            given.setdefault(f"{match[4]}.{match[3]}", set()).add(not match[1])
        elif match := _BOUND.match(part):
            path, sign, number = match[1], match[2], float(match[3])
            # An open end is a closed one a hair away: 25 is not below 25.
            hair = 1e-9 * max(1.0, abs(number)) if sign in "<>" else 0.0
            if sign.startswith("<"):
                most[path] = min(most.get(path, number - hair), number - hair)
            else:
                least[path] = max(least.get(path, number + hair), number + hair)
    return Facts(equal, least, most, given)


def _describe_overlap(first: Runbook, second: Runbook) -> str:
    """Why both may act on one target for the same event; empty if they surely do not."""
    if (first.event, first.target) != (second.event, second.target):
        return ""
    ours, theirs = first.when.starting_condition, second.when.starting_condition
    if facts_of(f"{ours} && {theirs}").contradiction:
        return ""
    for owner, other in ((first, second), (second, first)):
        if other.when.once is None:
            continue
        for test in owner.tests:
            values = {"event": {"subject": test.subject}, "data": test.data}
            if test.expect == "run" and condition(other.when.once).holds(Inputs(values)):
                return (
                    f"the event of '{test.name}' starts '{owner.id}' and '{other.id}' on one"
                    " target; say in 'when' which of them is for it"
                )
    if facts_of(ours).equal.get("data.signal") != facts_of(theirs).equal.get("data.signal"):
        return ""
    return (
        f"'{first.id}' listens to the same signal and acts on the same target, and nothing in"
        " their 'when' keeps them apart"
    )
