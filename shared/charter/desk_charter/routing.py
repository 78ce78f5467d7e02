"""Routing: rules by the words people use, the priority matrix, problem clustering, detectors."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, Self, Union

from desk_contracts.events.tickets import Kind
from desk_contracts.text import SpokenWords, plain_words
from desk_contracts.value_types import Level, Priority
from desk_platform.plugins import Registry
from pydantic import Field, model_validator

from desk_charter.detectors import (
    DetectorSettings,
    ForecastDetector,
    ThresholdDetector,
    UnusualDetector,
)
from desk_charter.value_types import (
    CharterModel,
    Duration,
    Sentence,
    Slug,
    SpokenWord,
    read_duration,
)


class TicketFacts(NamedTuple):
    """What of a ticket a routing rule may ask about."""

    words: SpokenWords
    kind: str
    service: str | None = None
    category: str | None = None
    site: str | None = None
    channel: str | None = None


class RuleWhen(CharterModel):
    """Which tickets a rule is for; an empty list means any."""

    any_words: tuple[SpokenWord, ...] = Field(
        default=(), description="At least one is said; `print*` finds every word that begins so."
    )
    all_words: tuple[SpokenWord, ...] = Field(default=(), description="All are said.")
    kinds: tuple[Kind, ...] = Field(default=(), description="Kinds of ticket.")
    services: tuple[Slug, ...] = Field(default=(), description="The service already named.")
    categories: tuple[str, ...] = Field(default=(), description="The category already named.")
    sites: tuple[str, ...] = Field(default=(), description="Where the requester is.")
    channels: tuple[str, ...] = Field(default=(), description="How the ticket came in.")

    @property
    def is_blank(self) -> bool:
        """Whether nothing is asked at all."""
        return not any(getattr(self, name) for name in type(self).model_fields)

    def matches(self, facts: TicketFacts) -> bool:
        """Every list that is not empty must fit the ticket."""
        return (
            _is_among(facts.kind, self.kinds)
            and _is_among(facts.service, self.services)
            and _is_called(facts.category, self.categories)
            and _is_called(facts.site, self.sites)
            and _is_among(facts.channel, self.channels)
            and all(facts.words.has(word) for word in self.all_words)
            and (not self.any_words or any(facts.words.has(word) for word in self.any_words))
        )


def _is_among(value: str | None, allowed: Iterable[str]) -> bool:
    wanted = tuple(allowed)
    return not wanted or value in wanted


def _is_called(value: str | None, allowed: Iterable[str]) -> bool:
    """The same for what people and other systems write as they like."""
    wanted = tuple(map(plain_words, allowed))
    return not wanted or plain_words(value or "") in wanted


class RuleThen(CharterModel):
    """What a rule decides; what it leaves out is decided by others."""

    category: str | None = Field(default=None, description="Category of the ticket.")
    service: Slug | None = Field(default=None, description="The service it is about.")
    skills: tuple[Slug, ...] = Field(default=(), description="Skills that finishing it needs.")
    team: Slug | None = Field(default=None, description="The team; else the service's owner.")
    impact: Level | None = Field(default=None, description="How many people are hindered.")
    urgency: Level | None = Field(default=None, description="How soon it hurts.")


class RoutingRule(CharterModel):
    """One rule: the first whose `when` fits decides, and says why in words."""

    id: Slug = Field(description="Stable id, kept with every decision.")
    when: RuleWhen = Field(description="Which tickets it is for.")
    then: RuleThen = Field(description="What it decides.")
    why: Sentence = Field(description="The sentence shown as the reason.")

    @model_validator(mode="after")
    def asks_and_decides_something(self) -> Self:
        """A rule without condition would swallow all others; one without decision does nothing."""
        if self.when.is_blank:
            raise ValueError(
                "its 'when' is empty; say which tickets it is for (default_team exists)"
            )
        if self.then == RuleThen():
            raise ValueError("its 'then' decides nothing; name a category, service or team")
        return self


class UrgencyRow(CharterModel):
    """The priorities of one impact, by urgency."""

    high: Priority = Field(description="Priority when urgency is high.")
    medium: Priority = Field(description="Priority when urgency is medium.")
    low: Priority = Field(description="Priority when urgency is low.")


def _row(priorities: str) -> UrgencyRow:
    high, medium, low = (Priority(name) for name in priorities.split())
    return UrgencyRow(high=high, medium=medium, low=low)


class PriorityMatrix(CharterModel):
    """Impact (rows) by urgency (columns)."""

    high: UrgencyRow = Field(default=_row("P1 P2 P3"), description="Many people, or work stopped.")
    medium: UrgencyRow = Field(default=_row("P2 P3 P4"), description="Some people.")
    low: UrgencyRow = Field(default=_row("P3 P4 P4"), description="One person.")

    def priority(self, impact: Level, urgency: Level) -> Priority:
        """The priority of an impact and an urgency."""
        row = {Level.HIGH: self.high, Level.MEDIUM: self.medium, Level.LOW: self.low}[impact]
        return {Level.HIGH: row.high, Level.MEDIUM: row.medium, Level.LOW: row.low}[urgency]


class AffectedPeople(CharterModel):
    """From how many people on a trouble has medium or high impact, whatever a rule says."""

    medium: int = Field(default=5, ge=2, description="People for medium impact.")
    high: int = Field(default=20, ge=3, description="People for high impact.")


class ProblemClustering(CharterModel):
    """When many like tickets are one problem."""

    min_tickets: int = Field(default=5, ge=2, description="Like tickets that make a problem.")
    window: Duration = Field(
        default=read_duration("15m"), description="Time in which they must have been opened."
    )
    quiet: Duration = Field(
        default=read_duration("10m"),
        description="Time without a new ticket, after its signals have cleared, that ends it.",
    )


# By the name of the kind. A package adds the settings of a kind by an entry point; what makes a
# detector of them is triage's, and found by the same name.
DETECTOR_SETTINGS: Final[Registry[type[DetectorSettings]]] = Registry(
    "desk.charter.detectors",
    {"threshold": ThresholdDetector, "forecast": ForecastDetector, "unusual": UnusualDetector},
)

if TYPE_CHECKING:
    Detector = DetectorSettings
else:
    # The kinds are known only when everything that is installed has been asked.
    Detector = Annotated[
        Union[tuple(DETECTOR_SETTINGS.kinds.values())],  # noqa: UP007
        Field(discriminator="kind"),
    ]


class Routing(CharterModel):
    """How tickets and telemetry find their team."""

    default_team: Slug = Field(description="Who takes what nothing else decides.")
    rules: tuple[RoutingRule, ...] = Field(default=(), description="First match decides.")
    priorities: PriorityMatrix = Field(
        default=PriorityMatrix(), description="Impact and urgency to priority."
    )
    affected: AffectedPeople = Field(
        default=AffectedPeople(), description="People affected to impact."
    )
    problems: ProblemClustering = Field(
        default=ProblemClustering(), description="When like tickets are one problem."
    )
    detectors: tuple[Detector, ...] = Field(default=(), description="What is seen in telemetry.")

    def first_match(self, facts: TicketFacts) -> RoutingRule | None:
        """The first rule that fits the ticket."""
        return next((rule for rule in self.rules if rule.when.matches(facts)), None)
