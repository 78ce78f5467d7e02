"""A contract suite that only fakes pass fails the run; one with a real kind does not."""

import pytest
from desk_testing.fakes_only import FakesOnly

pytest_plugins = ("pytester",)

SUITE = """
import pytest

@pytest.fixture(params=[{kinds}])
def kind(request):
    if request.param == "away":
        pytest.skip("no server")
    return request.param

@pytest.mark.parametrize("times", [1, 2])
def test_of_the_port(kind, times):
    assert kind != "broken"
"""
ONLY = "*test_of_the_port - only a fake passes*"


def run(
    pytester: pytest.Pytester, kinds: str, *words: str, is_whole: bool = True
) -> pytest.RunResult:
    pytester.makeini(
        "[pytest]\nasyncio_default_fixture_loop_scope = function\nmarkers = fake: a fake"
    )
    suite = pytester.mkdir("contract") / "test_port.py"
    suite.write_text(SUITE.format(kinds=kinds), encoding="utf-8")
    return pytester.runpytest_inprocess(*words, plugins=[FakesOnly(is_whole=is_whole)])


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ('"fake"', ()),
        ('"fake"', ("-k", "fake")),
        ('"fake", "away"', ()),
        ('"fake", "broken"', ()),
        ('pytest.param("counting", marks=pytest.mark.fake)', ()),
    ],
)
def test_a_suite_that_only_a_fake_passes_fails(
    pytester: pytest.Pytester, kinds: str, words: tuple[str, ...]
) -> None:
    done = run(pytester, kinds, *words)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(ONLY)


@pytest.mark.parametrize(
    ("kinds", "words", "is_whole"),
    [
        ('"fake", "real"', (), True),
        ('"real"', (), True),
        # The real kind is there, only not asked for.
        ('"fake", "real"', ("-k", "fake"), True),
        ('"fake"', (), False),
    ],
)
def test_a_suite_that_a_real_kind_passes_or_that_is_not_run_whole_is_left_alone(
    pytester: pytest.Pytester, kinds: str, words: tuple[str, ...], is_whole: bool
) -> None:
    done = run(pytester, kinds, *words, is_whole=is_whole)
    assert done.ret == pytest.ExitCode.OK
    done.stdout.no_fnmatch_line(ONLY)


def test_a_run_in_several_processes_fails_too(pytester: pytest.Pytester) -> None:
    run(pytester, '"fake"')
    done = pytester.runpytest_subprocess("-p", "desk_testing.pytest_plugin", "-n", "2", "contract")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(ONLY)
