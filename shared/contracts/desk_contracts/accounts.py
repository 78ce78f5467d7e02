"""Accounts as a directory knows them, and what is known of a change after it was asked for."""

from enum import StrEnum
from typing import NamedTuple, Protocol


class Account(NamedTuple):
    """An account as its directory knows it."""

    id: str
    """How the directory names it, such as its DN."""
    person: str
    """The canonical form by which the desk knows the person."""
    mail: str
    login: str


class Effect(StrEnum):
    """What is known of a change in a directory after it was asked for."""

    DONE = "done"
    REFUSED = "refused"
    """The directory said no: nothing has changed, and another password may be accepted."""
    UNKNOWN = "unknown"
    """It was asked for and no answer came: it may have happened or not."""


class Directory(Protocol):
    """Where accounts and devices are. Raises `DependencyDown` where surely nothing was changed."""

    async def find_account(self, login: str) -> Account | None:
        """The one account of that login or mail address; None if there is none, or several."""
        ...

    async def is_locked(self, account: Account) -> bool:
        """Whether failed sign-ins have locked it."""
        ...

    async def set_password(self, account: Account, password: str) -> Effect:
        """Set a new password, and lift a lock."""
        ...

    async def unlock(self, account: Account) -> Effect:
        """Lift the lock that failed sign-ins brought; done as well where there is none."""
        ...

    async def find_owner(self, device: str) -> str | None:
        """Whom a device belongs to; None if the directory knows nobody."""
        ...
