"""chats.yaml: the workspaces whose commands are taken, and who their users are. May be missing."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.value_types import CharterModel, Slug
from desk_contracts.people import PersonNamed, canonical_person
from pydantic import Field, StringConstraints

UserId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,64}$")]
Language = Literal["en", "de"]


class ChatKind(StrEnum):
    """Whose calls they are."""

    SLACK = "slack"
    MATTERMOST = "mattermost"


class ChatUser(CharterModel):
    """Who a user of the workspace is to the desk."""

    user: UserId = Field(description="The id of the user there, not the name.")
    person: PersonNamed = Field(description="Who that is: a person's id or mail address.")
    language: Language | None = Field(default=None, description="In which they are answered.")


class ChatWorkspace(CharterModel):
    """One workspace that calls `POST /v1/chat/NAME`; its secret is in the file of that name."""

    name: Slug = Field(description="The end of its address.")
    kind: ChatKind = Field(description="slack or mattermost.")
    language: Language = Field(default="en", description="Of users who have none of their own.")
    users: tuple[ChatUser, ...] = Field(
        default=(),
        description="Who its users are. Others are known as users of this workspace only.",
    )

    def user_of(self, user: str) -> ChatUser | None:
        """Who that user is, if the charter says so."""
        return next((item for item in self.users if item.user == user), None)

    def person_of(self, user: str) -> str:
        """The person that a user is; of whom nothing is written, the user of this workspace."""
        listed = self.user_of(user)
        return canonical_person(listed.person if listed else f"{self.name}:{user}")


def users_are_one_person_each(draft: Draft) -> Iterator[Problem]:
    """A user stands in a workspace once."""
    for workspace in draft.of(CHATS, ()):
        users = [item.user for item in workspace.users]
        for index, user in enumerate(users):
            if user in users[:index]:
                sentence = f"'{user}' stands twice in '{workspace.name}'; take one out"
                yield Problem.at("chats", workspace.name, "users", index, sentence=sentence)


CHATS: Section[tuple[ChatWorkspace, ...]] = Section(
    "chats", ChatWorkspace, is_optional=True, checks=(users_are_one_person_each,)
)
