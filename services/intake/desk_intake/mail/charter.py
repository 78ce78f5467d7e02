"""mailboxes.yaml: the addresses that people write to, and who may. It may be missing."""

from collections.abc import Iterator
from typing import Annotated

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.value_types import CharterModel, Mail, Slug
from desk_contracts.people import PersonNamed, canonical_person
from pydantic import Field, StringConstraints

Domain = Annotated[
    str, StringConstraints(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=255)
]
ListName = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Language = Annotated[str, StringConstraints(min_length=2, max_length=35)]


class Speaker(CharterModel):
    """An address whose owner is known by another id."""

    address: Mail = Field(description="What stands in the From of their mails.")
    person: PersonNamed = Field(description="Who that is to the desk: a person's id.")


class MailAccount(CharterModel):
    """One address of the desk."""

    name: Slug = Field(description="Stable id.")
    address: Mail = Field(description="What people write to; answers have a token after a '+'.")
    domains: tuple[Domain, ...] = Field(
        default=(),
        description="Whose people may write, exactly or with '*.' all below; none: everybody.",
    )
    speakers: tuple[Speaker, ...] = Field(
        default=(), description="Who writes from another address than the id they are known by."
    )
    lists: tuple[ListName, ...] = Field(
        default=(),
        description="Mailing lists through which people write to the desk, by their List-Id; mail"
        " of other lists opens no ticket.",
    )
    language: Language = Field(
        default="en", description="The language of tickets whose mail does not say its own."
    )
    service: Slug | None = Field(default=None, description="The service that all of it is about.")

    def admits(self, domain: str) -> bool:
        """Whether people of that domain may write to it."""
        return not self.domains or any(
            domain.endswith(item[1:]) if item.startswith("*.") else domain == item
            for item in self.domains
        )

    def person_of(self, address: str) -> str:
        """Who writes from that address, in canonical form."""
        for speaker in self.speakers:
            if canonical_person(speaker.address) == address:
                return canonical_person(speaker.person)
        return address


def mailboxes_are_sound(draft: Draft) -> Iterator[Problem]:
    """Services exist, and no two mailboxes have one address."""
    addresses: dict[str, str] = {}
    for mailbox in draft.of(MAILBOXES, ()):
        where = ("mailboxes", mailbox.name)
        if mailbox.service is not None:
            yield from draft.unknown("services", mailbox.service, *where, "service")
        other = addresses.setdefault(canonical_person(mailbox.address), mailbox.name)
        if other != mailbox.name:
            sentence = f"'{other}' has the address '{mailbox.address}' already; give it another"
            yield Problem.at(*where, "address", sentence=sentence)


MAILBOXES: Section[tuple[MailAccount, ...]] = Section(
    "mailboxes", MailAccount, is_optional=True, checks=(mailboxes_are_sound,)
)
