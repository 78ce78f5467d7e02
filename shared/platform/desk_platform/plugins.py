"""Kinds of one port by name: the desk's own, and those that installed packages register."""

import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from typing import Generic, TypeVar

from desk_contracts.errors import Invalid

K = TypeVar("K")


@cache
def _select_from(_path: tuple[str, ...]) -> Callable[..., EntryPoints]:
    """To look into all packages on a path takes 8 ms, and a start asks for six groups."""
    return entry_points().select


def find_entry_points(group: str) -> EntryPoints:
    """What installed packages register in a group."""
    return _select_from(tuple(sys.path))(group=group)


class Registry(Generic[K]):
    """The kinds of one port, such as the channels of notify or the executors of automation.

    A package adds a kind by an entry point of `group`; its name is the kind's name. A name that
    is taken is refused with `Invalid`, so that nobody replaces a kind in silence.
    """

    def __init__(self, group: str, built_in: Mapping[str, K]) -> None:
        self.group = group
        self._kinds = dict(built_in)
        for point in find_entry_points(group):
            if point.name in self._kinds:
                raise Invalid(
                    f"{point.value} registers '{point.name}' of {group}, which exists already; "
                    "give it a name of its own or uninstall it",
                    code="kind-registered-twice",
                    kind=point.name,
                    group=group,
                )
            self._kinds[point.name] = point.load()

    @property
    def kinds(self) -> Mapping[str, K]:
        """All kinds by name."""
        return self._kinds

    def kind(self, name: str) -> K:
        """The kind of that name; `Invalid` names those there are."""
        if name in self._kinds:
            return self._kinds[name]
        raise Invalid(
            f"{self.group} has no kind '{name}'; there are {', '.join(sorted(self._kinds))}",
            code="unknown-kind",
            kind=name,
            group=self.group,
        )
