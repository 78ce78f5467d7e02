"""What a charter is made of: sections. Each is one file with the model of its items and its checks.

A section lies with the feature that obeys it, and the feature's service names it in its table; the
organisation's own sections are obeyed by every service. Packages register theirs by an entry point
of the group `desk.charter-sections`, so that `desk charter check` knows all that are installed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import TypeAdapter

from desk_charter.problems import Check, Problem

if TYPE_CHECKING:
    from desk_charter.draft import Draft

T_co = TypeVar("T_co", covariant=True)

# Files that features of the desk's services read: a service that does not obey one leaves it alone.
OF_FEATURES = frozenset(
    {
        *("catalogue", "chats", "escalation", "goals", "mailboxes", "policies", "retention"),
        *("runbooks", "slas", "webhooks", "windows"),
    }
)


class Form(StrEnum):
    """How a section is written down."""

    LIST = "list"
    """One file with one list under the section's name."""
    FIELDS = "fields"
    """One file of fields."""
    FOLDER = "folder"
    """A folder with a file for each item, which is named by its `id`."""


# What no single item can know about itself, asked of what could be understood so far.
DraftCheck = Callable[["Draft"], Iterable[Problem]]


@cache
def adapt(item: Any) -> TypeAdapter[Any]:
    """Reads one item; made once, since a charter is read anew with each change of its files."""
    return TypeAdapter(item)


@dataclass(frozen=True, eq=False)
class Section(Generic[T_co]):
    """One part of the charter; its value is a tuple of items, or for `FIELDS` one item.

    `lists` are lists of a file of fields whose items are read one by one, so that one wrong item
    hides no other. `checks` see a draft; `whole_checks` see a charter in which every item can be
    understood. `count_by` is a field by which `desk charter check`
    counts the items.
    """

    name: str
    item: Any
    form: Form = Form.LIST
    is_optional: bool = False
    lists: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[DraftCheck, ...] = ()
    whole_checks: tuple[Check, ...] = ()
    count_by: str = ""

    @property
    def file(self) -> str:
        """Its file, or the folder of its files."""
        return f"{self.name}/" if self.form is Form.FOLDER else f"{self.name}.yaml"

    def adapter(self) -> TypeAdapter[Any]:
        """Reads one item."""
        return adapt(self.item)
