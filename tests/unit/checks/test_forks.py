"""A fork has the changed code wherever a function is held; what changes nothing is refused."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scripts.forks import Change, Unfit, put

# Any module that can be imported: the text stands in for what is in it.
NAME = "scripts.forks"
TEXT = '''
def _is_late(day: int) -> bool:
    return any(day > due for due in (3, 5))


class Bill:
    """Holds a function in many ways."""

    check = staticmethod(_is_late)
    order = property(lambda self: sorted([2, 1], key=lambda day: day))


LATE = {"late": _is_late}
'''


@pytest.fixture
def module(tmp_path: Path) -> tuple[str, dict[str, object]]:
    """Where it lies, and what is in it."""
    file = str(tmp_path / "bills.py")
    names: dict[str, object] = {"__name__": "bills"}
    exec(compile(TEXT, file, "exec", dont_inherit=True), names)  # noqa: S102 an import of a module
    return file, names


def call(held: Any, day: int) -> bool:
    return bool(held(day))


def test_whoever_holds_a_function_sees_the_change(module: tuple[str, dict[str, object]]) -> None:
    file, names = module
    bill = names["Bill"]
    held = [names["_is_late"], getattr(bill, "check", None), partial(call, names["_is_late"])]
    assert not any(call(item, 3) for item in held)
    put(Change(NAME, file, TEXT, TEXT.replace("day > due", "day >= due"), ()))
    assert all(call(item, 3) for item in held)
    assert isinstance(names["LATE"], dict)
    assert call(names["LATE"]["late"], 3)


def test_a_lambda_is_a_function_like_any_other(module: tuple[str, dict[str, object]]) -> None:
    file, names = module
    bill = names["Bill"]
    assert isinstance(bill, type)
    put(Change(NAME, file, TEXT, TEXT.replace("[2, 1]", "[2, 0]"), ()))
    assert bill().order == [0, 2]


def test_what_no_function_has_needs_an_import(module: tuple[str, dict[str, object]]) -> None:
    file, _names = module
    changed = TEXT.replace("day > due", "day >= due")
    assert isinstance(put(Change(NAME, file, TEXT, TEXT, ())), Unfit)
    assert isinstance(put(Change(NAME, f"{file}.other", TEXT, changed, ())), Unfit)
    # the constant was read when the module was imported
    assert isinstance(put(Change(NAME, file, TEXT, TEXT.replace('"late"', '"later"'), ())), Unfit)
