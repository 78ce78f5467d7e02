"""The story as data: devices, scenes, and what each scene does."""

from pathlib import Path
from typing import Literal

from desk_contracts.frozen import Frozen
from pydantic import Field
from ruamel.yaml import YAML


class Part(Frozen):
    """A part of a story file; unknown words are refused."""


class Device(Part):
    """A laptop: when its disk begins to fill, and whether cleaning can help."""

    name: str
    person: str
    starts_filling: float | None = None
    runaway: bool = False


class Measure(Part):
    """A value reported once a second for some seconds."""

    subject: str
    service: str
    name: str
    unit: str
    value: float
    seconds: int


class Ticket(Part):
    """Somebody posts a ticket to the intake API."""

    tag: str
    requester: str
    title: str
    description: str = ""
    kind: Literal["incident", "request", "question"] = "incident"
    site: str = ""


class Tickets(Part):
    """Many people post at about the same time."""

    tag: str
    count: int
    requester: str
    titles: tuple[str, ...]


class Request(Part):
    """Another system asks for a ticket on `desk.requests`, perhaps late."""

    tag: str
    requester: str
    title: str
    service: str
    impact: Literal["high", "medium", "low"]
    urgency: Literal["high", "medium", "low"]
    happened_ago: float = 0.0


class Work(Part):
    """A team member begins and finishes a ticket."""

    tag: str
    member: str
    team: str
    resolution: str


class ResolveProblem(Part):
    """A team member says that the open problem is over."""

    member: str
    team: str
    resolution: str


class Action(Part):
    """What a scene does: one of these."""

    measure: Measure | None = None
    ticket: Ticket | None = None
    tickets: Tickets | None = None
    request: Request | None = None
    work: Work | None = None
    resolve_problem: ResolveProblem | None = None


class Until(Part):
    """An event that must have been seen, perhaps for the ticket with a tag."""

    event: str
    tag: str = ""


class StoryStep(Part):
    """One moment of the day."""

    at: float
    say: str
    do: Action
    until: Until | None = None


class Story(Part):
    """A whole day."""

    title: str
    devices: tuple[Device, ...]
    scenes: tuple[StoryStep, ...] = Field(min_length=1)


def read_story(path: Path, run: str) -> Story:
    """The story of a file, its people and devices named after this run."""
    text = path.read_text(encoding="utf-8").replace("${run}", run)
    return Story.model_validate(YAML(typ="safe").load(text))
