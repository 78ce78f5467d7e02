"""`python -m scripts.mutate [SERVICE ...]`: are mistakes in pure code found by its tests?

Changes one place at a time, and runs those unit and property tests of the service that run the
line, until one fails: in a fork of a loaded session (`forks.py`), or, where an import runs it, in a
process of its own on a changed copy of the package, with the tests that could see it. Places are a
sample by seed, of the whole service or of folders of it (`--under`); what is changed there comes
from Cosmic Ray. Exit code 1 if fewer than 90 of 100 are found. A line on which a change makes no
difference says so: `# desk-skip: mutate REASON`.
"""

import argparse
import ast
import difflib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path, PurePosixPath

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from scripts.checks.room import is_pure
from scripts.checks.source import dotted
from scripts.forks import Answer, Change, Failure, Forks, Unfit
from scripts.reach import Reach, find_importing, find_reaching, read_reach

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("intake", "triage", "automation", "notify", "metrics")
PASS_PERCENT = 90
# Of the service that is slowest today a run takes a minute on a busy machine.
LEAST_TIMEOUT = 120.0
# Of one test in a fork: the slowest takes ten seconds.
TEST_TIMEOUT = 60
# A run for a mutant is mostly start: what else is installed takes two of its five seconds.
_PLUGINS = (
    "pytest_asyncio.plugin",
    "pytest_timeout",
    "_hypothesis_pytestplugin",
    "pytest_cov.plugin",
)
_SKIP = re.compile(r"#\s*desk-skip:\s*mutate\s+\S")
# Mistakes that somebody could make. Operators on bits and powers mostly break a type at once, and
# identity in place of equality mostly changes nothing: both would only flatter the figures.
_ODD = re.compile(
    r"(Bit|Pow|Shift|Invert|UAdd)|Comparison.*_(Is|IsNot)$|ReplaceBinaryOperator.*(Mod)$"
    # Of what there is one of, identity is equality; and nobody asks for the order of such.
    r"|Comparison.*_(Is_Eq|IsNot_NotEq|(Is|IsNot)_(Lt|LtE|Gt|GtE))$"
)
_IDENTITY = re.compile(r"ComparisonOperator_(Is_IsNot|IsNot_Is)$")


class Outcome(StrEnum):
    """What the tests said of a mutant."""

    KILLED = "found"
    ALIVE = "alive"
    # An endless loop is found as well, only later.
    TIMED_OUT = "timed out"


@dataclass(frozen=True)
class Mutant:
    """One change: of a file, the operator and which of its places."""

    path: PurePosixPath
    line: int
    column: int
    operator: str
    occurrence: int

    def apply(self, text: str) -> str:
        changed = mutate_code(text, get_operator(self.operator)(), self.occurrence)
        if changed is None:
            raise RuntimeError(f"{self} changes nothing")
        return str(changed)


def find_mutants(path: PurePosixPath, text: str) -> Iterator[Mutant]:
    """All changes of a module that could make a difference when it runs."""
    nodes = list(ast_nodes(get_ast(text)))
    lines = text.splitlines()
    tree = ast.parse(text)
    silent, signatures = _declarations(tree), _signatures(tree)
    for name in operator_names():
        kind = get_operator(name)
        if kind.arguments() or (_ODD.search(name) and not _IDENTITY.search(name)):
            continue
        places = (place for node in nodes for place in kind().mutation_positions(node))
        for occurrence, (start, end) in enumerate(places):
            left_out = [*silent, *(signatures if "BinaryOperator_Mul" in name else ())]
            is_silent = any(first <= start < last for first, last in left_out)
            # Cosmic Ray cannot put another exception in the place of one with a dot in its name.
            is_dotted = "Exception" in name and "." in lines[start[0] - 1][start[1] : end[1]]
            if not is_silent and not is_dotted and not _SKIP.search(lines[start[0] - 1]):
                yield Mutant(path, start[0], start[1], name, occurrence)


def _signatures(tree: ast.Module) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """From `def` to the body of each function: a star there is no product."""
    return [
        ((node.lineno, node.col_offset), (node.body[0].lineno, node.body[0].col_offset))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _declarations(tree: ast.Module) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations and what makes a class frozen begin and end: mypy judges these.

    And `strict` of a `zip`: an assertion, without which all that is right goes on as before.
    """
    parts: list[ast.AST | None] = []
    for node in ast.walk(tree):
        parts += [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.ClassDef):
            parts += node.decorator_list
        if isinstance(node, ast.Call) and dotted(node.func) == "ConfigDict":
            parts.append(node)
        if isinstance(node, ast.Call) and dotted(node.func) == "zip":
            parts += [word.value for word in node.keywords if word.arg == "strict"]
    # A decorator's sign stands one column before it.
    return [
        ((part.lineno, part.col_offset - 1), (part.end_lineno or 0, part.end_col_offset or 0))
        for part in parts
        if isinstance(part, ast.expr)
    ]


def choose(mutants: Sequence[Mutant], count: int, seed: str) -> list[Mutant]:
    """Places by chance, and at each one change by chance: many operators fit some places."""
    by_place: dict[tuple[PurePosixPath, int, int], list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        by_place[mutant.path, mutant.line, mutant.column].append(mutant)
    chance = random.Random(seed)  # noqa: S311 a sample, no secret
    places = sorted(by_place)
    return [
        chance.choice(by_place[item]) for item in chance.sample(places, min(count, len(places)))
    ]


def pure_modules(service: str, under: Sequence[PurePosixPath] = ()) -> list[PurePosixPath]:
    """What of a service decides; where folders or modules are named, only what lies in these."""
    package = ROOT / "services" / service / f"desk_{service}"
    paths = (PurePosixPath(path.relative_to(ROOT)) for path in sorted(package.rglob("*.py")))
    wanted = (path for path in paths if not under or any(map(path.is_relative_to, under)))
    return [path for path in wanted if path.stem != "__init__" and is_pure(path)]


def folders_of(service: str) -> list[str]:
    """Where the unit and property tests of a service lie."""
    folders = [f"tests/{level}/{service}" for level in ("unit", "property")]
    return [folder for folder in folders if any((ROOT / folder).rglob("test_*.py"))]


def run_near(
    service: str, path: PurePosixPath, copy: Path, timeout: float, tests: Sequence[str] | None
) -> Outcome:
    """These tests, or all of the service, on a copy of it; first those near to what changed."""
    folders = folders_of(service)
    near = list(find_near(path, folders))
    if tests is None:
        first, rest = near, [*folders, *(f"--ignore={test}" for test in near)]
    else:
        first = [test for test in tests if test.partition("::")[0] in near]
        rest = [test for test in tests if test not in first]
    if first and (outcome := _run(first, copy, timeout)) is not Outcome.ALIVE:
        return outcome
    return _run(rest, copy, timeout) if rest else Outcome.ALIVE


def find_near(path: PurePosixPath, folders: Iterable[str]) -> Iterator[str]:
    """The tests that import a module: one of them mostly finds what is wrong with it, and soon."""
    *package, name = path.with_suffix("").parts[2:]
    above = re.escape(".".join(package))
    imports = re.compile(rf"\b{above}\.{name}\b|\b{above} import [^\n]*\b{name}\b")
    for test in (file for folder in folders for file in sorted((ROOT / folder).rglob("test_*.py"))):
        if imports.search(test.read_text(encoding="utf-8")):
            yield str(test.relative_to(ROOT))


def _run(tests: Sequence[str], copy: Path, timeout: float, **variables: str) -> Outcome:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    command += [f"-p{plugin}" for plugin in _PLUGINS]
    # Too many for a command line.
    (copy / "tests").write_text("\n".join(tests), encoding="utf-8")
    command += ["--hypothesis-profile=mutants", "--hypothesis-seed=1", f"@{copy / 'tests'}"]
    variables |= {"HYPOTHESIS_STORAGE_DIRECTORY": str(copy / "hypothesis")}
    variables |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environ = os.environ | variables | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with (copy / "output").open("w+", encoding="utf-8") as output:
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environ, stdout=output, stderr=output, timeout=timeout,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Outcome.TIMED_OUT
    # A module that cannot be imported ends the collection: 2, or 4 where a conftest imports it;
    # 5 says that no test is left to run; other codes speak of the run itself.
    text = (copy / "output").read_text(encoding="utf-8")
    if "Failed: Timeout" in text:
        return Outcome.TIMED_OUT
    is_broken = done.returncode == 4 and "while loading conftest" in text
    if done.returncode not in {0, 1, 2, 5} and not is_broken:
        raise RuntimeError(f"pytest ended with {done.returncode} on {tests}:\n{text[-3000:]}")
    return Outcome.ALIVE if done.returncode in {0, 5} else Outcome.KILLED


@contextmanager
def copied(service: str) -> Iterator[Path]:
    """A folder with a fresh copy of the package of a service."""
    with tempfile.TemporaryDirectory(prefix="desk-mutant-") as folder:
        ignored = shutil.ignore_patterns("__pycache__")
        package = f"desk_{service}"
        source = ROOT / "services" / service / package
        shutil.copytree(source, Path(folder) / package, ignore=ignored)
        yield Path(folder)


def measure(service: str, timeout: float) -> Reach:
    """The tests on what is there: which lines does each run?"""
    with copied(service) as copy:
        data = copy / "coverage"
        words = [f"--cov={copy / f'desk_{service}'}", "--cov-context=test", "--cov-report="]
        words += ["--cov-config=/dev/null", *folders_of(service)]
        if _run(words, copy, timeout, COVERAGE_FILE=str(data)) is not Outcome.ALIVE:
            raise SystemExit(f"The tests of {service} fail as it is: mend them first.")
        return read_reach(data, copy, PurePosixPath("services", service))


def try_apart(
    mutant: Mutant, service: str, reach: Reach, texts: Mapping[PurePosixPath, str], timeout: float
) -> Outcome:
    """In a process of its own, on a changed copy of the package."""
    tests = find_reaching(reach, mutant.path, texts[mutant.path], mutant.line)
    if tests is None:
        tests = find_importing(reach, mutant.path, texts, mutant.line)
    with copied(service) as copy:
        target = copy.joinpath(*mutant.path.parts[2:])
        text = target.read_text(encoding="utf-8")
        target.write_text(mutant.apply(text), encoding="utf-8")
        return run_near(service, mutant.path, copy, timeout, tests)


def read_texts(service: str) -> Mapping[PurePosixPath, str]:
    """What could read a constant of a service: its package and its tests with their support."""
    folders = [f"services/{service}/desk_{service}", "tests/support", *folders_of(service)]
    return {
        PurePosixPath(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
        for folder in folders
        for file in sorted((ROOT / folder).rglob("*.py"))
    }


def make_change(service: str, mutant: Mutant, reach: Reach) -> Change | None:
    """For a fork: what changes and the tests that run it, near ones first; None if imports do."""
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    tests = find_reaching(reach, mutant.path, text, mutant.line)
    if tests is None:
        return None
    near = set(find_near(mutant.path, folders_of(service)))
    tests.sort(key=lambda test: test.partition("::")[0] not in near)
    module = ".".join(mutant.path.with_suffix("").parts[2:])
    return Change(module, str(ROOT / mutant.path), text, mutant.apply(text), tests)


def try_in_forks(
    service: str, changes: Sequence[Change], jobs: int, timeout: float
) -> list[Outcome | None]:
    """One loaded process for all of them; None for those that have to be tried apart."""
    forks = Forks(changes, jobs, timeout)
    words = ["-s", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", f"--timeout={TEST_TIMEOUT}"]
    words += ["--hypothesis-profile=mutants", "--hypothesis-seed=1"]
    code = pytest.main([*words, *(str(ROOT / item) for item in folders_of(service))], [forks])
    if code is not pytest.ExitCode.OK:
        raise SystemExit(f"The forks of {service} ended with {code!r}.")
    return list(map(_judge_answer, forks.answers))


def _judge_answer(answer: Answer) -> Outcome | None:
    match answer:
        case Unfit():
            return None
        case Failure():
            return Outcome.TIMED_OUT if answer.is_late else Outcome.KILLED
    return Outcome.ALIVE


def show(mutant: Mutant) -> str:
    """Where it is, and its line before and after."""
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    changes = difflib.unified_diff(
        text.splitlines(), mutant.apply(text).splitlines(), lineterm="", n=0
    )
    lines = [line for line in changes if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    return "\n".join((f"  {mutant.path}:{mutant.line}", *(f"    {line}" for line in lines)))


def _show_alive(mutants: Iterable[Mutant], outcomes: Iterable[Outcome]) -> None:
    for mutant, outcome in zip(mutants, outcomes, strict=True):
        if outcome is Outcome.ALIVE:
            print(show(mutant), flush=True)


def judge(
    service: str, modules: Sequence[PurePosixPath], options: argparse.Namespace
) -> tuple[int, int]:
    """How many mutants of a service were found, and of how many; shows each that lives."""
    files = {path: (ROOT / path).read_text(encoding="utf-8") for path in modules}
    mutants = [item for path, text in files.items() for item in find_mutants(path, text)]
    chosen = choose(mutants, options.count, f"{options.seed} {service}")
    began = time.monotonic()
    reach = measure(service, 1_800)
    timeout = max(LEAST_TIMEOUT, 4 * options.jobs * (time.monotonic() - began))
    changes = [(mutant, make_change(service, mutant, reach)) for mutant in chosen]
    loaded = {mutant: change for mutant, change in changes if change is not None}
    apart = [mutant for mutant, change in changes if change is None]
    answers = try_in_forks(service, [*loaded.values()], options.jobs, timeout)
    results = {item: answer for item, answer in zip(loaded, answers, strict=True) if answer}
    apart += [item for item in loaded if item not in results]
    _show_alive(results, results.values())
    outcomes = list(results.values())
    texts = read_texts(service)
    attempt = partial(try_apart, service=service, reach=reach, texts=texts, timeout=timeout)
    with ThreadPoolExecutor(options.jobs) as pool:
        for mutant, outcome in zip(apart, pool.map(attempt, apart), strict=True):
            outcomes.append(outcome)
            _show_alive([mutant], [outcome])
    late = outcomes.count(Outcome.TIMED_OUT)
    killed = len(chosen) - outcomes.count(Outcome.ALIVE)
    excused = sum(bool(_SKIP.search(line)) for text in files.values() for line in text.splitlines())
    print(
        f"{service}: {killed} of {len(chosen)} found ({late} by their time), "
        f"of {len(mutants)} that could be made in {len(files)} modules, "
        f"{excused} lines excused; {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return killed, len(chosen)


def main() -> int:
    """Print what was found and what lives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*", default=SERVICES, metavar="SERVICE")
    parser.add_argument("--seed", type=int, default=1, help="which sample (default 1)")
    parser.add_argument("--count", type=int, default=42, help="mutants of each (default 42)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="side by side")
    parser.add_argument(
        "--under", action="append", type=PurePosixPath, metavar="PATH", default=[],
        help="only modules of this folder, or this one; may be given more than once",
    )  # fmt: skip
    options = parser.parse_args()
    if unknown := set(options.services) - set(SERVICES):
        parser.error(f"{', '.join(sorted(unknown))}: services are {', '.join(SERVICES)}")
    modules = {service: pure_modules(service, options.under) for service in options.services}
    if not any(modules.values()):
        parser.error("no pure module of these services lies under the paths that were given")
    figures = [judge(service, paths, options) for service, paths in modules.items() if paths]
    killed, tried = (sum(column) for column in zip(*figures, strict=True))
    print(f"{killed} of {tried} mutants found; the bar is {PASS_PERCENT} of 100.")
    return 0 if killed * 100 >= tried * PASS_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
