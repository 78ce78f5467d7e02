"""retention.yaml: how long what people wrote in closed tickets is kept. May be missing."""

from collections.abc import Iterator
from typing import Annotated

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.value_types import CharterModel, Slug
from desk_contracts.events.tickets import Kind
from pydantic import Field


class RetentionRule(CharterModel):
    """From a ticket's last change on; figures, times, teams and states stay for ever."""

    name: Slug = Field(description="What stands as the reason in the event that erases.")
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = Field(
        description="incident, request, question, proactive."
    )
    texts_days: Annotated[int, Field(ge=30, le=36_500)] = Field(
        description="Days after which titles, descriptions, comments and attachments are erased."
    )


def kinds_have_one_rule(draft: Draft) -> Iterator[Problem]:
    """Of a kind of ticket one rule speaks."""
    seen = set[Kind]()
    for rule in draft.of(RETENTION, ()):
        for kind in rule.kinds:
            if kind in seen:
                sentence = f"'{kind.value}' stands in an earlier rule; leave it in one of them"
                yield Problem.at("retention", rule.name, "kinds", sentence=sentence)
            seen.add(kind)


RETENTION: Section[tuple[RetentionRule, ...]] = Section(
    "retention", RetentionRule, is_optional=True, checks=(kinds_have_one_rule,)
)
