"""Mutants are changes that run, chosen by seed; the same seed chooses the same."""

from pathlib import PurePosixPath

from scripts.mutate import choose, find_mutants, find_near, pure_modules

PATH = PurePosixPath("services/billing/desk_billing/invoices/decide.py")
TEXT = '''"""Bills."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bill:
    """A bill."""

    due: int | None = None


def is_late(bill: Bill, day: int) -> bool:
    """One day is given."""
    return bill.due is not None and day > bill.due + 1


LIMIT = 5  # desk-skip: mutate any limit does here
'''


def test_what_runs_is_changed_and_declarations_and_excused_lines_are_not() -> None:
    mutants = list(find_mutants(PATH, TEXT))
    assert {mutant.line for mutant in mutants} == {15}
    changed = {mutant.apply(TEXT).splitlines()[14].strip() for mutant in mutants}
    assert "return bill.due is None and day > bill.due + 1" in changed
    assert "return bill.due is not None or day > bill.due + 1" in changed
    assert "return bill.due is not None and day >= bill.due + 1" in changed
    assert "return bill.due is not None and day > bill.due - 1" in changed
    assert all(mutant.apply(TEXT) != TEXT for mutant in mutants)


def test_the_star_of_a_signature_is_no_product() -> None:
    text = "def scale(price: int, *, times: int) -> int:\n    return price * times\n"
    mutants = list(find_mutants(PATH, text))
    assert {mutant.line for mutant in mutants} == {2}
    assert any("price / times" in mutant.apply(text) for mutant in mutants)


def test_the_strictness_of_a_zip_is_an_assertion() -> None:
    text = "def pair(a: str, b: str) -> list[bool]:\n"
    text += "    return [x < y for x, y in zip(a, b, strict=True)]\n"
    mutants = list(find_mutants(PATH, text))
    assert mutants
    assert all("strict=True" in mutant.apply(text) for mutant in mutants)


def test_every_change_of_exceptions_can_be_made() -> None:
    text = "def read() -> int:\n    try:\n        return 1\n"
    text += "    except (zlib.error, ValueError):\n        return 2\n"
    text += "    except zlib.error:\n        return 3\n"
    changed = [item.apply(text) for item in find_mutants(PATH, text) if "Exc" in item.operator]
    assert len(changed) == 1
    assert "except (zlib.error, CosmicRayTestingException):" in changed[0]


def test_tests_that_import_a_module_are_near_to_it() -> None:
    path = PurePosixPath("services/triage/desk_triage/detection/hysteresis.py")
    near = list(find_near(path, ["tests/unit/triage"]))
    assert "tests/unit/triage/detection/test_hysteresis.py" in near
    assert "tests/unit/triage/detection/test_window.py" not in near
    assert list(find_near(PATH, ["tests/unit/triage"])) == []


def test_a_sample_may_be_of_some_folders_or_modules_only() -> None:
    learning = PurePosixPath("services/triage/desk_triage/learning")
    table = learning / "table.py"
    assert pure_modules("triage", [table]) == [table]
    of_folder = pure_modules("triage", [learning])
    assert of_folder == [path for path in pure_modules("triage") if path.parent == learning]
    assert table in of_folder
    assert pure_modules("notify", [learning]) == []


def test_one_change_for_each_place_and_the_same_for_the_same_seed() -> None:
    mutants = list(find_mutants(PATH, TEXT))
    chosen = choose(mutants, 3, "1 billing")
    assert chosen == choose(mutants, 3, "1 billing")
    assert len({(item.line, item.column) for item in chosen}) == len(chosen) == 3
    assert any(chosen != choose(mutants, 3, f"{seed} billing") for seed in range(2, 9))
    assert len(choose(mutants, 99, "1 billing")) == len(
        {(mutant.line, mutant.column) for mutant in mutants}
    )
