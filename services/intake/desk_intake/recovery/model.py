"""What is kept of people who cannot sign in: of a token its digest, of a password nothing.

An ask waits in one of a fixed number of queues, whether its account exists or not, so that neither
the answer nor its time tells, and nobody can fill the store with invented names. An account that
exists has one document for each thing that can be recovered, with its newest token only.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from desk_contracts.accounts import Account
from desk_contracts.frozen import Frozen
from desk_contracts.ids import derive_id

Kind = Literal["password", "unlock"]
# Enough that strangers seldom share one, few enough to be nothing in a store.
QUEUES = 1024


class Courier(Protocol):
    """Brings a secret to its person, past every topic and log."""

    async def deliver(self, account: Account, kind: Kind, token: str, language: str) -> None:
        """Raises `DependencyDown` if it cannot be brought now; once it was taken it may arrive."""
        ...


class Ask(Frozen):
    """Somebody says that they cannot sign in."""

    id: str
    login: str
    kind: Kind
    language: str
    at: datetime


class Recent(Frozen):
    """That somebody asked, without who."""

    digest: str
    at: datetime


class AskQueue(Frozen):
    """Asks that wait to be looked at, and how many came lately."""

    waiting: tuple[Ask, ...] = ()
    recent: tuple[Recent, ...] = ()
    holder: str = ""
    """Who looks at them now."""
    held_until: datetime | None = None
    writes: int = 0
    """Grows with every ask, so that one above a limit is a write as well."""


class Phase(StrEnum):
    """How far a recovery is."""

    ISSUED = "issued"
    USING = "using"
    DONE = "done"
    IN_DOUBT = "in_doubt"


class Recovery(Frozen):
    """The newest token of an account for one thing, and what came of it."""

    id: str
    account: str
    person: str
    mail: str
    login: str
    kind: Kind
    language: str
    digest: str
    """Of the token; the token itself is in the mail and nowhere else."""
    number: int
    """Grows with each token."""
    expires_at: datetime
    phase: Phase = Phase.ISSUED
    tries: int = 0
    claim: str = ""
    """Who uses the token now."""
    at: datetime
    is_recorded: bool = True
    """Whether the ticket that says what came of it exists."""

    @property
    def subject(self) -> Account:
        """The account it is for."""
        return Account(self.account, self.person, self.mail, self.login)


def digest_of(text: str) -> str:
    """What is kept instead of a token, a login or an address."""
    return hashlib.sha256(text.encode()).hexdigest()


def queue_of(login: str) -> str:
    """The queue in which asks of a login wait."""
    return f"asks-{int(digest_of(login)[:8], 16) % QUEUES:04d}"


def addresses_of(address: str) -> str:
    """Where calls from an address are counted."""
    return f"addresses-{int(digest_of(address)[:8], 16) % QUEUES:04d}"


def recovery_of(account: Account, kind: Kind) -> str:
    """One for each account and thing."""
    return derive_id(account.id, f"recovery of {kind}")
