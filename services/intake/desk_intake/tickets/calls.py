"""Which calls were carried out on a document, so that to repeat one does nothing.

The newest are in the document and change in its own write, so that a crash cannot separate a call
from what it did. The older ones are dropped only when they are known to be kept elsewhere; so a
call that is neither here nor was there *after* this was read, was never made.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from desk_contracts.frozen import Frozen

# So many are in a document at most, and so many stay when older ones are dropped, all at once.
MOST_HERE = 64
KEPT_HERE = 32
# How long a key is kept, and an hour for clocks that differ.
KNOWN_FOR = timedelta(hours=25)


class Command(Frozen):
    """A call that was carried out."""

    key: str
    fingerprint: str
    at: datetime | None = None
    """When; unknown of those that earlier versions wrote."""


CommandQueue = tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is known of one call beside the document, found out when `mark` was its mark.

    `fingerprint` says what was asked if the call is kept elsewhere, `safe` which other calls are.
    """

    mark: str = ""
    fingerprint: str | None = None
    safe: frozenset[str] = frozenset()


NOTHING = Recalled()


class Unsure(Exception):
    """The document alone cannot tell: look where older calls are kept, and ask again.

    `to_keep` must be kept there before.
    """

    def __init__(self, document: str, mark: str, to_keep: CommandQueue = ()) -> None:
        super().__init__(document)
        self.document, self.mark, self.to_keep = document, mark, to_keep


def fingerprint_of(
    document: str, commands: CommandQueue, key: str, recalled: Recalled = NOTHING
) -> str | None:
    """What was asked under that key, if it was carried out; `Unsure` if that must be looked up."""
    here = next((command.fingerprint for command in commands if command.key == key), None)
    if here is not None or len(commands) < KEPT_HERE:
        return here
    if recalled.mark != (mark := _mark(commands)):
        raise Unsure(document, mark)
    return recalled.fingerprint


def with_command(
    document: str, commands: CommandQueue, command: Command, recalled: Recalled = NOTHING
) -> CommandQueue:
    """With one more; where they are too many `Unsure`, unless older ones are safe elsewhere."""
    if len(commands) < MOST_HERE:
        return (*commands, command)
    old, new = commands[1 : 1 - KEPT_HERE], commands[1 - KEPT_HERE :]
    now = command.at
    unsafe = tuple(
        item
        for item in old
        if item.key not in recalled.safe
        and (item.at is None or now is None or until(item, item.at) > now)
    )
    if unsafe:
        raise Unsure(document, _mark(commands), unsafe)
    # The first made the document: its key is worth knowing for as long as the document is there.
    return (commands[0], *new, command)


class Document(Frozen):
    """A document that knows the calls that were carried out on it."""

    id: str
    commands: CommandQueue = ()

    def find_fingerprint(self, key: str, recalled: Recalled = NOTHING) -> str | None:
        """The fingerprint of the call made with that key, if it was made."""
        return fingerprint_of(self.id, self.commands, key, recalled)

    def with_command(self, command: Command, recalled: Recalled = NOTHING) -> Self:
        """The same, remembering that a call was carried out."""
        commands = with_command(self.id, self.commands, command, recalled)
        return self.model_copy(update={"commands": commands})


def until(command: Command, now: datetime) -> datetime:
    """How long it must be known."""
    return (command.at or now) + KNOWN_FOR


def _mark(commands: CommandQueue) -> str:
    """The oldest that can be dropped: another one when any were."""
    return commands[1].key
