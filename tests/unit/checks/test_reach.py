"""A mutant meets the tests that run its line, unit tests first."""

from pathlib import PurePosixPath

import pytest

from scripts.reach import IMPORT, find_importing, find_reaching, find_statement

PATH = PurePosixPath("services/billing/desk_billing/invoices/decide.py")
TEXT = """LIMIT = 5


def is_late(due: int, day: int = LIMIT) -> bool:
    if (
        due
        and day
    ):
        return (
            day >
            due
        )
    match due:
        case 0 if day > 1:
            return True
    return False
"""
LAW = "tests/property/billing/test_late.py::test_law"
CASE = "tests/unit/billing/test_late.py::test_case"


@pytest.mark.parametrize(
    ("line", "span"),
    [
        (1, None),
        (4, None),
        (6, range(5, 7)),
        (7, range(5, 8)),
        (10, range(9, 13)),
        (14, range(13, 15)),
        (16, range(16, 17)),
    ],
)
def test_a_statement_is_one_and_a_block_its_head(line: int, span: range | None) -> None:
    assert find_statement(TEXT, line) == span


def test_tests_that_run_a_part_of_the_statement_are_asked() -> None:
    reach = {PATH: {9: frozenset({LAW}), 11: frozenset({CASE}), 16: frozenset({"other"})}}
    assert find_reaching(reach, PATH, TEXT, 10) == [CASE, LAW]
    assert find_reaching(reach, PATH, TEXT, 14) == []


def test_what_an_import_runs_any_test_may_meet() -> None:
    reach = {PATH: {1: frozenset({IMPORT}), 16: frozenset({IMPORT, CASE})}}
    assert find_reaching(reach, PATH, TEXT, 1) is None
    assert find_reaching(reach, PATH, TEXT, 16) is None


MODEL = PurePosixPath("services/billing/desk_billing/invoices/model.py")
LATE_TESTS = PurePosixPath("tests/unit/billing/test_late.py")
REACH = {
    PATH: {1: frozenset({IMPORT}), 5: frozenset({LAW, CASE}), 17: frozenset({CASE})},
    MODEL: {3: frozenset({IMPORT, "tests/unit/billing/test_model.py::test_limit"})},
}
READS = "from desk_billing.invoices.decide import LIMIT\ndef is_over(day: int) -> bool:\n"
READS += "    return day > LIMIT\n"
IN_A_TABLE = "@mark(LIMIT)\ndef test_late(day: int) -> None:\n    pass\n"


def test_a_default_is_seen_by_the_tests_that_run_its_function() -> None:
    assert find_importing(REACH, PATH, {PATH: TEXT}, 4) == [CASE, LAW]


def test_a_constant_is_seen_by_the_tests_of_whatever_reads_it() -> None:
    apart = TEXT.replace("= LIMIT", "= 5")
    seen = "tests/unit/billing/test_model.py::test_limit"
    assert find_importing(REACH, PATH, {PATH: apart, MODEL: READS}, 1) == [seen]
    for text in (READS, IN_A_TABLE):
        used = {PATH: apart, MODEL: READS, LATE_TESTS: text}
        assert find_importing(REACH, PATH, used, 1) == [str(LATE_TESTS), seen]
    assert find_importing(REACH, PATH, {PATH: apart}, 1) == []


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (PATH, TEXT),
        (MODEL, "from desk_billing.invoices.decide import LIMIT\nTWICE = 2 * LIMIT\n"),
        (PurePosixPath("tests/support/bills.py"), READS),
    ],
)
def test_who_sees_a_constant_that_an_import_or_a_support_reads_nobody_can_tell(
    place: PurePosixPath, text: str
) -> None:
    apart = {PATH: TEXT.replace("= LIMIT", "= 5")}
    assert find_importing(REACH, PATH, {**apart, place: text}, 1) is None
