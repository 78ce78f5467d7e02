"""A contract suite that only fakes pass proves nothing: the run fails and says which.

A suite is one test over several kinds of a port. A kind that stands for the real one is called
`fake`, or has the mark `fake`.
It must have a real kind, and one of those that ran must have passed.
"""

from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field

import pytest

FAKE = "fake"
_PROPERTY = "contract suite"


@dataclass
class Suite:
    """What is known of one test over all kinds."""

    has_real: bool = False
    ran: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)


def suite_of(item: pytest.Item) -> tuple[str, str] | None:
    """The test without its parameters, and the kind that it is tried on; None of other tests."""
    spec = getattr(item, "callspec", None)
    name = getattr(item, "originalname", None)
    if spec is None or name is None or "contract" not in item.path.parts:
        return None
    is_called_fake = any(param == FAKE for param in spec.params.values() if isinstance(param, str))
    is_fake = is_called_fake or item.get_closest_marker(FAKE) is not None
    return f"{item.nodeid.rpartition('::')[0]}::{name}", FAKE if is_fake else "real"


class FakesOnly:
    """Remembers which kinds passed, and fails the run if they are fakes alone.

    What a test is goes with its reports, so it holds for a run in several processes too.
    """

    def __init__(self, *, is_whole: bool) -> None:
        # Of single tests named on the command line nobody knows which others there are.
        self.is_whole = is_whole
        self.suites: dict[str, Suite] = defaultdict(Suite)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Before `-k` and marks choose: a suite has the kinds that its text gives it."""
        suites = [(item, suite_of(item)) for item in items]
        members = [(item, suite) for item, suite in suites if suite is not None]
        real = {name for _, (name, kind) in members if kind != FAKE}
        for item, (name, kind) in members:
            item.user_properties.append((_PROPERTY, (name, kind, name in real)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A skip is told at set-up, a pass at the call."""
        member = dict(report.user_properties).get(_PROPERTY)
        if not isinstance(member, list | tuple) or report.when == "teardown":
            return
        name, kind, has_real = member
        suite = self.suites[name]
        suite.has_real |= has_real
        suite.ran.add(kind)
        if report.when == "call" and report.passed:
            suite.passed.add(kind)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """After the last test, while the exit code can still be changed."""
        result = yield
        if self.list_failed():
            session.testsfailed += 1
        return result

    def list_failed(self) -> list[str]:
        """Suites that only fakes passed, though others were to."""
        if not self.is_whole:
            return []
        return [
            name
            for name, suite in sorted(self.suites.items())
            if suite.passed == {FAKE} and (not suite.has_real or suite.ran != {FAKE})
        ]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name them."""
        for name in self.list_failed():
            terminalreporter.write_line(
                f"FAILED {name} - only a fake passes: it proves nothing of the real kind", red=True
            )
