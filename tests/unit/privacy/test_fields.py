"""Every text field that an event or a stored document has is sorted: people's words, or not."""

import importlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from desk_contracts.catalogue import PAYLOADS
from desk_contracts.redaction import FORMS, OWNERS, TEXTS
from desk_contracts.topics import SERVICES
from desk_platform.erasure.records import choices_of
from pydantic import TypeAdapter

# Names of people, of things, of what the charter says, and ids: masked where they are a person's.
# `name` of an attachment, `subject` of a mail and `outcome` of a follow-up are people's words, and
# are erased there; `what` is the thing that many may want, `word` what five people looked for.
_OTHERS = """
    action actions adopted_by again agent_version also_affected amended answer application
    applications approvers arm article attachment author by calendar canary cancelled_by category
    chain change change_source channel charter claim cleared clock code command condition contact
    contributions corrected correlation correlation_id counted country dataref day decided demand
    details detector device digest document done done_by effect ended episode episodes erasure
    escalated_to escalation_title event executor expect fact facts failed feedback field fingerprint
    first follow_up from goal group groups holder holder_runbook hours id in_window inhibited_by
    into item join joining journal key key_id kind language mac measure measurement media_type
    member members merged_into message message_id mode model name of of_code offered_to on_change
    on_reopen otherwise outcome overflow owner packed params people period person person_hash plan
    policies policy policy_version previous previous_team problem problems problems_over proposed
    pseudonym published quoting rates recalls removed removed_people repeats reports request
    requested_by resolved_by ring role rule run runbook runbooks runs seed service services sha256
    signal signals signature site sites skill skills sla source split_from status step stopped_by
    subdivision subject subject_kind survey suspected target targets team teams tell_after
    tell_before tell_on_failure thread ticket tickets to told_by told_time topic traceparent trouble
    type unit untrue updates value verdicts verified_by version waiting waiting_for waits_at
    watchers week what who why withheld_at without word zone centre encoder sums
"""
OTHERS = frozenset(_OTHERS.split())
MODELS = [
    *(pytest.param(payload, id=type) for type, payload in PAYLOADS.items()),
    *(
        pytest.param(schema.model, id=f"{service} {schema.collection}")
        for service in SERVICES
        for schema in importlib.import_module(f"desk_{service}.service").SERVICE.collections
    ),
]


def list_texts(schema: Mapping[str, Any]) -> Iterator[str]:
    for node in (schema, *schema.get("$defs", {}).values()):
        for name, field in node.get("properties", {}).items():
            written = json.dumps(field)
            if '"type": "string"' in written and '"format"' not in written:
                yield name


@pytest.mark.parametrize("model", MODELS)
def test_a_text_field_is_sorted(model: Any) -> None:
    texts = set(list_texts(TypeAdapter(model).json_schema()))
    unsorted = texts - TEXTS - FORMS - set(OWNERS) - OTHERS
    assert not unsorted, "say in desk_contracts.redaction or here whether these are people's words"


@pytest.mark.parametrize("model", MODELS)
def test_words_of_people_are_no_choices(model: Any) -> None:
    """What is erased must still be read: a choice of a few words cannot become another one."""
    schema = TypeAdapter(model).json_schema()
    choices = {name for name, part in schema.get("$defs", {}).items() if "enum" in part}
    for node in (schema, *schema.get("$defs", {}).values()):
        for name, field in node.get("properties", {}).items():
            named = {choice for choice in choices if f'/{choice}"' in json.dumps(field)}
            assert name not in TEXTS or not named or name in choices_of(getattr(model, "TYPE", ""))


def test_nothing_is_sorted_twice() -> None:
    assert not OTHERS & (TEXTS | FORMS)
