"""A loaded pytest session that forks for each mutant: no mutant pays for imports and collection.

A mutant is the changed code of functions, put into the functions that are there. So it must lie in
a function that no import runs, and whatever holds the function sees the change. What a fork says is
found is found once more in a second fork without the mutant: if the same tests fail there too, the
run ends, for then it is not the mutant that they find.
"""

import gc
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import CodeType, FunctionType

import pytest

_FORK = get_context("fork")
_TIMEOUT = "Failed: Timeout"


@dataclass(frozen=True)
class Change:
    """Text for text of a module, and the tests (`test.py::test_it`, no cases) that run it."""

    module: str
    file: str
    before: str = field(repr=False)
    after: str = field(repr=False)
    tests: Sequence[str]


@dataclass(frozen=True)
class Failure:
    """The first test that failed, counted from 0, and whether it only took too long."""

    number: int
    is_late: bool


@dataclass(frozen=True)
class Unfit:
    """A change that cannot be put into functions that are there: it needs an import."""

    why: str


class Broken(Exception):
    """Not the mutant failed, but what tries it."""


Answer = Failure | Unfit | None


@dataclass(eq=False)  # pytest looks plugins up by their hash
class Forks:
    """A plugin of pytest that tries changes in place of the tests' ordinary run."""

    changes: Sequence[Change]
    jobs: int
    timeout: float
    answers: list[Answer] = field(default_factory=list)
    _is_late: bool = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        with ProcessPoolExecutor(
            self.jobs, _FORK, initializer=_remember, initargs=(self, session)
        ) as pool:
            self.answers.extend(pool.map(_try, range(len(self.changes))))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._is_late |= report.failed and _TIMEOUT in report.longreprtext

    def run(self, session: pytest.Session, tests: Sequence[pytest.Item]) -> Failure | None:
        """Ends at the first test that fails."""
        nexts = [*tests[1:], None]
        for number, (test, following) in enumerate(zip(tests, nexts, strict=False)):
            test.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
            if session.testsfailed:
                return Failure(number, self._is_late)
        return None


_worker: tuple[Forks, pytest.Session]


def _remember(forks: Forks, session: pytest.Session) -> None:
    global _worker  # noqa: PLW0603 a worker has one session, and a session cannot be pickled
    _worker = forks, session
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 a device
        os.dup2(nowhere.fileno(), 1)


def _try(number: int) -> Answer:
    forks, session = _worker
    change = forks.changes[number]
    order = {test: place for place, test in enumerate(change.tests)}
    items = [item for item in session.items if _name(item) in order]
    items.sort(key=lambda item: order[_name(item)])
    failure = _fork(items, change, forks.timeout)
    if isinstance(failure, Failure):
        again = _fork(items[: failure.number + 1], None, forks.timeout)
        if again is not None:
            raise Broken(f"{items[failure.number].nodeid} fails without a mutant as well: {again}")
    return failure


def _name(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _fork(items: Sequence[pytest.Item], change: Change | None, timeout: float) -> Answer:
    here, there = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_run, args=(items, change, there))
    process.start()
    there.close()
    process.join(timeout)
    if process.is_alive():
        process.kill()
        process.join()
        return Failure(len(items) - 1, is_late=True)
    if process.exitcode or not here.poll():
        raise Broken(f"a fork ended with {process.exitcode} on {change}")
    answer: Answer = here.recv()
    return answer


def _run(items: Sequence[pytest.Item], change: Change | None, answer: Connection) -> None:
    forks, session = _worker
    if change is not None and (unfit := put(change)):
        answer.send(unfit)
        return
    answer.send(forks.run(session, items))


def put(change: Change) -> Unfit | None:
    """Gives all functions of a module that differ their other code."""
    import_module(change.module)
    try:
        pairs = dict(_differing(_compile(change.before), _compile(change.after)))
    except ValueError as error:  # a function more or less
        return Unfit(str(error))
    gc.unfreeze()  # what is frozen is not among the objects
    functions = [item for item in gc.get_objects() if isinstance(item, FunctionType)]
    gc.freeze()
    changed = 0
    for function in functions:
        code = function.__code__
        if code.co_filename == change.file and code in pairs:
            try:
                function.__code__ = pairs[code]
            except ValueError as error:  # it looks at other names outside of it
                return Unfit(str(error))
            changed += 1
    return None if changed else Unfit("no function has the code that was to change")


def _compile(text: str) -> CodeType:
    return compile(text, "mutant", "exec", dont_inherit=True)


def _differing(before: CodeType, after: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    ours, theirs = (
        [item for item in code.co_consts if isinstance(item, CodeType)] for code in (before, after)
    )
    for old, new in zip(ours, theirs, strict=True):
        if old != new:
            yield old, new
            yield from _differing(old, new)
