"""retention.yaml: how long texts of closed tickets, and records of what is over, are kept.

It may be missing: texts are kept for ever then, and records for as long as `DEFAULT_DAYS` says.
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from desk_contracts.events.tickets import Kind
from pydantic import Field, model_validator

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.value_types import CharterModel, Slug
from desk_charter.watch import CharterSource

Days = Annotated[int, Field(ge=30, le=36_500)]


class Records(StrEnum):
    """What is kept of work that is over, beside the log."""

    RUNS = "runs"
    DELIVERIES = "deliveries"


DEFAULT_DAYS = {Records.RUNS: 400, Records.DELIVERIES: 400}


class RetentionRule(CharterModel):
    """Texts of tickets from a ticket's last change on, or whole records from their end on; figures,
    times, teams and states of tickets stay for ever."""

    name: Slug = Field(description="What stands as the reason in the event that erases.")
    kinds: tuple[Kind, ...] = Field(
        default=(), description="Tickets: incident, request, question, proactive."
    )
    texts_days: Days | None = Field(
        default=None,
        description="Days after which titles, descriptions, comments and attachments are erased.",
    )
    records: tuple[Records, ...] = Field(
        default=(), description="Records: runs (that ended), deliveries (of which nothing is due)."
    )
    records_days: Days | None = Field(
        default=None, description="Days after which they are removed; the log keeps what it said."
    )

    @model_validator(mode="after")
    def speaks_of_one(self) -> Self:
        """Refuse a rule that says nothing, or only half of it."""
        if bool(self.kinds) != (self.texts_days is not None):
            raise ValueError("write 'kinds' and 'texts_days' together")
        if bool(self.records) != (self.records_days is not None):
            raise ValueError("write 'records' and 'records_days' together")
        if bool(self.kinds) == bool(self.records):
            raise ValueError("write 'kinds' with 'texts_days', or 'records' with 'records_days'")
        return self


def each_has_one_rule(draft: Draft) -> Iterator[Problem]:
    """Of a kind of ticket, or of record, one rule speaks."""
    seen = set[StrEnum]()
    for rule in draft.of(RETENTION, ()):
        for field, named in (("kinds", rule.kinds), ("records", rule.records)):
            for kind in named:
                if kind in seen:
                    sentence = f"'{kind.value}' stands in an earlier rule; leave it in one of them"
                    yield Problem.at("retention", rule.name, field, sentence=sentence)
                seen.add(kind)


RETENTION: Section[tuple[RetentionRule, ...]] = Section(
    "retention", RetentionRule, is_optional=True, checks=(each_has_one_rule,)
)


def find_time_kept(charter: CharterSource, records: Records) -> timedelta:
    """How long such records are kept after their end, by the charter in force."""
    rules = charter.current.of(RETENTION)
    days = (rule.records_days for rule in rules if records in rule.records)
    return timedelta(days=next(days, None) or DEFAULT_DAYS[records])
