"""What callers send. Every refusal of a field is a sentence that says what to write instead."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from desk_contracts.events.tickets import Channel, How, Kind, ResolutionCode, WaitingFor
from desk_contracts.frozen import example
from desk_contracts.message import message
from desk_contracts.people import PersonNamed
from desk_contracts.value_types import Level, Priority
from desk_platform.http import SINGLE_LINE, Name, RequestModel, RequiredText, WrittenMoment
from pydantic import (
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.config import JsonDict

# An event stays under 64 KiB; this leaves room for all the rest of it.
MAX_BYTES = 40 * 1024

Title = Annotated[str, RequiredText(300), SINGLE_LINE]
Text = Annotated[str, RequiredText(20_000)]
Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^[!-~]*$")]
# Names have a pattern: the document says that there are no others.
ONLY_NAMED: JsonDict = {"additionalProperties": False}
Words = Annotated[str, StringConstraints(max_length=1_000)]


class Body(RequestModel):
    """A closed, frozen body, small enough for the bus."""

    @model_validator(mode="after")
    def is_small_enough(self) -> Self:
        """Refuse what would not fit into one event."""
        # A character takes six bytes of JSON at most, so most bodies need no closer look.
        if sum(map(len, self._texts())) * 6 < MAX_BYTES:
            return self
        size = len(self.model_dump_json(exclude_none=True).encode())
        if size > MAX_BYTES:
            raise ValueError(message("field.too-many-bytes", size=size, most=MAX_BYTES))
        return self

    def _texts(self) -> Iterator[str]:
        for value in self.__dict__.values():
            if isinstance(value, str):
                yield value
            elif isinstance(value, dict):
                yield from value.keys()
                # Forms hold numbers and lists as well.
                yield from map(str, value.values())
            elif isinstance(value, tuple):
                for item in value:
                    yield from item._texts() if isinstance(item, Body) else (str(item),)  # noqa: SLF001 (a body in this one)


class NewTicket(Body):
    """A request for help."""

    model_config = example(
        title="The VPN does not connect",
        description="Since this morning, at home.",
        service="vpn",
        urgency="high",
    )

    title: Title
    """What is wrong or wanted, in a line."""
    description: Annotated[str, StringConstraints(max_length=20_000)] = ""
    """Everything that helps to help."""
    kind: Literal[Kind.INCIDENT, Kind.REQUEST, Kind.QUESTION] = Kind.INCIDENT
    """incident: something does not work; request: something is wanted; question: how does it go."""
    requester: PersonNamed | None = None
    """Who needs help, if not the caller; only staff may say so."""
    channel: Literal[Channel.API, Channel.PORTAL, Channel.MAIL, Channel.CHAT, Channel.PHONE] = (
        Channel.API
    )
    """How the request came."""
    service: Name = ""
    """Name of the service as in the status answer, if known."""
    device: Name = ""
    """The device concerned, if known."""
    site: Name = ""
    """Where it is."""
    group: Name = ""
    """The requester's group, for SLA policies of groups; only staff may say so."""
    impact: Level | None = None
    """How many people it concerns."""
    urgency: Level | None = None
    """How soon it hurts."""
    language: Annotated[Language, Field(min_length=2)] = "en"
    """The language to answer in (BCP 47)."""
    attributes: dict[Name, Words] = Field(default={}, max_length=50, json_schema_extra=ONLY_NAMED)
    """Anything else, such as the answers of a form."""


class Changed(Body):
    """Facts of a ticket that are wrong or have changed; what is left out stays."""

    model_config = example(service="vpn", device="laptop-4711")

    title: Title | None = None
    """What is wrong or wanted, in a line."""
    description: Annotated[str, StringConstraints(max_length=20_000)] | None = None
    """Everything that helps to help."""
    service: Name | None = None
    """Name of the service."""
    device: Name | None = None
    """The device concerned."""
    impact: Level | None = None
    """How many people it concerns."""
    urgency: Level | None = None
    """How soon it hurts."""
    priority: Priority | None = None
    """Only staff may set it; triage leaves it alone from then on."""


class NewComment(Body):
    """Something to say."""

    model_config = example(text="It works again since I am in the office.")

    text: Text
    """The words."""
    public: bool = True
    """False: only for those who work on tickets."""


class EmptyBody(Body):
    """Nothing more to say."""

    model_config = example()


class PersonRequest(Body):
    """A person is wanted."""

    model_config = example(text="Please call me on 4711, I am at my desk until five.")

    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)] = ""
    """How you can be reached, or why."""


class Pause(Body):
    """Work waits for somebody else."""

    model_config = example(waiting_for="employee", text="Does it happen at home too?")

    waiting_for: WaitingFor
    """Whose turn it is: employee, vendor or approval."""
    until: WrittenMoment | None = None
    """When the work goes on in any case; with zone."""
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)] = ""
    """What to tell the person who asked, for example the question to answer."""


class Resolution(Body):
    """How it was solved."""

    model_config = example(
        resolution="The certificate was renewed.", how="member", cause="expired-certificate"
    )

    resolution: Text
    """What was done, for the person who asked."""
    how: Literal[How.MEMBER, How.SELF_SERVICE, How.WITHDRAWN] | None = None
    """By whom; left out: `member` from staff, `withdrawn` from the person who asked."""
    cause: Name = ""
    """What it came from, for those who take the cause away; employees do not see it."""
    code: ResolutionCode | None = None
    """What kind of an answer it is; only staff say so."""


class ReopenRequest(Body):
    """Why it is not solved after all."""

    model_config = example(reason="It asks for the password again.")

    reason: Text
    """What still does not work."""


class Assignment(Body):
    """Who shall have it."""

    model_config = example(team="network", reason="It is about the VPN.")

    team: Name = ""
    """Name, title or alias of the team; left out: the team that has it."""
    member: Name = ""
    """Who of the team; left out: nobody in particular."""
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)] = ""
    """Why, for those who work on it; the person who asked does not see it."""


class Merge(Body):
    """Where a ticket goes on."""

    model_config = example(into="K7M2-Q9PG")

    into: Annotated[str, RequiredText(40), SINGLE_LINE]
    """Id or code of the other ticket of the same person."""


class NewPart(Body):
    """What of a ticket is another thing."""

    model_config = example(title="And the printer is out of toner", kind="request")

    title: Title
    """What is wrong or wanted, in a line."""
    description: Annotated[str, StringConstraints(max_length=20_000)] = ""
    """What of the ticket belongs to it."""
    kind: Literal[Kind.INCIDENT, Kind.REQUEST, Kind.QUESTION] | None = None
    """Left out: as the ticket that it was a part of."""
    service: Name | None = None
    """Name of its service; left out: that of the ticket."""


class ProblemLink(Body):
    """The known problem that a ticket belongs to."""

    model_config = example(problem="0193c1d2-7e00-7b1f-9a55-3f1c2d4e5a60", reason="Same error.")

    problem: Annotated[str, RequiredText(100), SINGLE_LINE]
    """Its id, as the list of problems says it."""
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)] = ""
    """Why, for those who work on it."""


class SomePerson(Body):
    """Who is meant."""

    model_config = example(person="ben@desk.example")

    person: PersonNamed | None = None
    """Their id or mail address; left out: the caller."""


def in_utc(moment: datetime | None) -> datetime | None:
    """The store compares whole instants, whatever zone they were written in."""
    return None if moment is None else moment.astimezone(UTC)
