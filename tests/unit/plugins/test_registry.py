"""Kinds of a port are found by name; a wrong name and a taken one are refused."""

from importlib.metadata import entry_points

import pytest
from desk_contracts.errors import Invalid
from desk_platform.plugins import Registry


def test_a_kind_is_found_by_its_name() -> None:
    registry = Registry("desk.examples", {"mail": 1, "webhook": 2})
    assert registry.kind("webhook") == 2
    assert sorted(registry.kinds) == ["mail", "webhook"]


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(Invalid, match="there are mail, webhook") as refused:
        Registry("desk.examples", {"webhook": 2, "mail": 1}).kind("fax")
    assert refused.value.kind == "unknown-kind"


def test_installed_packages_add_kinds() -> None:
    """The commands that services add to the command line are such entry points."""
    group = "desk.commands"
    names = {point.name for point in entry_points(group=group)}
    assert names
    assert names < set(Registry(group, {"own": 1}).kinds)


def test_a_name_that_is_taken_is_refused() -> None:
    taken = next(iter(entry_points(group="desk.commands"))).name
    with pytest.raises(Invalid, match="exists already") as refused:
        Registry("desk.commands", {taken: 1})
    assert refused.value.kind == "kind-registered-twice"
