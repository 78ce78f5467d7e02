"""Laws of the front door pass a clean history and find what is not; secrets are found."""

import pytest
from desk_storm.books import Leak
from desk_storm.front_door.leaks import find
from desk_storm.history import History
from desk_storm.laws import letters, orders, recoveries

from tests.support.storm_front_door import FALSE, Falsify, clean

LAWS = (*orders.LAWS, *letters.LAWS, *recoveries.LAWS)


def test_a_clean_history_breaks_none_of_them() -> None:
    assert [broken for law in LAWS for broken in law(History(clean()))] == []


@pytest.mark.parametrize(
    ("name", "falsify"), FALSE, ids=lambda param: param if isinstance(param, str) else ""
)
def test_a_falsified_history_is_found(name: str, falsify: Falsify) -> None:
    history = History(falsify(clean()))
    assert name in {broken.law for law in LAWS for broken in law(history)}


def test_a_secret_is_found_and_not_told() -> None:
    secrets = {"the first": "4f1c", "the second": "a9e0"}
    assert list(find("a log", b'{"token": "a9e0"}', secrets)) == [Leak("a log", "the second")]
