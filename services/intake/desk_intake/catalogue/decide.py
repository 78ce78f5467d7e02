"""Who may ask for what, whether a form is filled in rightly, and who is asked for a yes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from desk_charter.model import Charter
from desk_contracts import Payload
from desk_contracts.errors import Forbidden, Rejected
from desk_contracts.events.tickets import (
    Answer,
    ApprovalAsked,
    Channel,
    How,
    Kind,
    TicketItemRequested,
    TicketOpened,
)
from desk_contracts.message import Message, message
from desk_contracts.people import canonical_person, find_other_spelling
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pydantic import JsonValue

from desk_intake.catalogue.charter import CATALOGUE, Approval, CatalogueItem
from desk_intake.tickets import lifecycle
from desk_intake.tickets.approvals import AskedFor, ask, digest_of
from desk_intake.tickets.lifecycle import Actor
from desk_intake.tickets.model import Ticket

# Numbers that every reader of JSON keeps as they are (RFC 8259, section 6).
_EXACT = 2**53
# A text whose form sets no limit.
_LONGEST = 4_000
_TYPES: Mapping[str, str] = {
    "string": "string_type",
    "integer": "int_type",
    "number": "float_type",
    "boolean": "bool_type",
    "array": "list_type",
}
# Rules of JSON Schema, and the names of the same mistakes in any other body.
_RULES: Mapping[str, tuple[str, str]] = {
    "minLength": ("string_too_short", "min_length"),
    "maxLength": ("string_too_long", "max_length"),
    "pattern": ("string_pattern_mismatch", "pattern"),
    "minimum": ("greater_than_equal", "ge"),
    "maximum": ("less_than_equal", "le"),
    "exclusiveMinimum": ("greater_than", "gt"),
    "exclusiveMaximum": ("less_than", "lt"),
    "minItems": ("too_short", "min_length"),
    "maxItems": ("too_long", "max_length"),
}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who looks at the catalogue."""

    person: str
    roles: frozenset[str]
    team: str = ""
    written: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in one field, under the name of the same mistake in any other body."""

    field: str
    kind: str
    params: Mapping[str, object]
    message: Message | None = None


def may_ask(item: CatalogueItem, asker: Asker) -> bool:
    """Whether the item is offered to this person."""
    offered = item.offered_to
    is_role = not offered.roles or not asker.roles.isdisjoint(map(str, offered.roles))
    return is_role and (not offered.teams or asker.team in offered.teams)


def list_offered(charter: Charter, asker: Asker) -> tuple[CatalogueItem, ...]:
    """What this person may ask for."""
    return tuple(item for item in charter.of(CATALOGUE) if may_ask(item, asker))


def check_answers(item: CatalogueItem, answers: Mapping[str, JsonValue]) -> tuple[Mistake, ...]:
    """Everything that is wrong in a form, field by field."""
    return tuple(_mistakes(item, answers))


def _mistakes(item: CatalogueItem, answers: Mapping[str, JsonValue]) -> Iterator[Mistake]:
    for name in item.required:
        if name not in answers:
            yield Mistake(name, "missing", {})
    for name, value in answers.items():
        if name not in item.fields:
            yield Mistake(name, "extra_forbidden", {})
        else:
            yield from _oversize(name, value)
    for error in _validator(item.model_dump_json()).iter_errors(dict(answers)):
        if error.validator not in {"required", "additionalProperties"}:
            yield _mistake(error)


def _oversize(name: str, value: JsonValue) -> Iterator[Mistake]:
    """What no form forbids and no event carries as it is."""
    if isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= _EXACT):
        yield Mistake(name, "value_error", {}, message("field.not-exact"))
    if isinstance(value, str) and len(value) > _LONGEST:
        yield Mistake(name, "string_too_long", {"max_length": _LONGEST})


@lru_cache(maxsize=256)
def _validator(item: str) -> Draft202012Validator:
    """Compiled once for each item; the form lies in it as text, since a schema has no hash."""
    return Draft202012Validator(CatalogueItem.model_validate_json(item).form)


def _mistake(error: ValidationError) -> Mistake:
    field = str(error.path[0]) if error.path else ""
    rule, limit = str(error.validator), error.validator_value
    if rule == "type":
        return Mistake(field, _TYPES[str(limit)], {})
    if rule == "enum" and isinstance(limit, list):
        return Mistake(field, "enum", {"expected": ", ".join(f"'{choice}'" for choice in limit)})
    if rule in _RULES:
        kind, name = _RULES[rule]
        return Mistake(field, kind, {name: limit})
    return Mistake(field, "value_error", {}, message("field.rule-of-form", rule=rule))


def plain_answers(answers: Mapping[str, JsonValue]) -> dict[str, Answer]:
    """Answers that a form has let through, as events carry them."""
    plain: dict[str, Answer] = {}
    for name, value in answers.items():
        if isinstance(value, list):
            plain[name] = tuple(map(str, value))
        elif isinstance(value, str | bool | int | float):
            plain[name] = value
    return plain


@dataclass(frozen=True, slots=True)
class FilledForm:
    """What somebody asks for, in their language; the form has let the answers through."""

    item: CatalogueItem
    asker: Asker
    answers: Mapping[str, Answer]
    language: str


def request_item(charter: Charter, form: FilledForm, code: str, now: datetime) -> list[Payload]:
    """The ticket of a request; `Rejected` where too few could say yes to it."""
    item, asker, answers, language = form.item, form.asker, form.answers, form.language
    if item.fulfilment.recovery:
        why = message("refused.recover-without-desk", item=item.title.spoken(language))
        raise Rejected(why, code="ask-elsewhere", at="/v1/account-recoveries")
    opened = TicketOpened(
        code=code,
        kind=Kind.REQUEST,
        title=item.title.spoken(language),
        requester=asker.person,
        requester_written=find_other_spelling(asker.written, asker.person),
        channel=Channel.PORTAL,
        service=item.service or "",
        device=str(answers[item.own_device]) if item.own_device else "",
        language=language,
        attributes={
            name: ", ".join(value) if isinstance(value, tuple) else str(value)
            for name, value in answers.items()
        },
    )
    approval = _approval(charter, item.approval, asker, now) if item.approval else None
    shown = item.model_dump(mode="json")
    requested = TicketItemRequested(
        item=item.name,
        answers=dict(answers),
        digest=digest_of(shown, asker.person, answers),
        team=item.fulfilment.team,
        runbook=item.fulfilment.runbook or "",
        run_within_s=int(item.fulfilment.within.total_seconds()),
        approval=approval,
        charter=charter.version,
    )
    about = AskedFor(code, asker.person, opened.title, opened.device, opened.service)
    return [opened, *ask(requested, about, now)]


def _approval(charter: Charter, approval: Approval, asker: Asker, now: datetime) -> ApprovalAsked:
    """Everybody once, and never who asks."""
    teams = (charter.find_team(name) for name in approval.teams)
    members = (member.id for team in teams if team for member in team.members)
    named = dict.fromkeys(map(canonical_person, (*approval.people, *members)))
    approvers = tuple(person for person in named if person != asker.person)
    if len(approvers) < approval.needed:
        why = message("refused.too-few-approvers", needed=approval.needed, count=len(approvers))
        raise Rejected(why, code="too-few-approvers", needed=approval.needed)
    return ApprovalAsked(
        needed=approval.needed,
        approvers=approvers,
        until=now + approval.within,
        may_delegate=approval.may_delegate,
    )


def cancel(ticket: Ticket, actor: Actor, reason: str) -> Sequence[Payload]:
    """Who asked takes it back, as long as nobody has done it."""
    if ticket.requester != actor.id:
        raise Forbidden(message("refused.cancel-own-only", code=ticket.code))
    return lifecycle.resolve(ticket, actor, reason, How.WITHDRAWN)
