"""A service's whole OpenAPI document, called by schemathesis in this process with all its checks.

The application is the real one over the fakes of `http_worlds`; the caller may do everything.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from desk_platform.http import Principal, Role
from desk_platform.http.rates import RateLimits
from desk_platform.settings import HttpSettings
from desk_testing.http import FakeAuthenticator
from schemathesis import Case, HookContext, engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.engine.recorder import Interaction, ScenarioRecorder
from schemathesis.specs.openapi import converter
from schemathesis.specs.openapi.coverage import _operation as coverage

from tests.support.http_worlds import World

CALLER = Principal("ana@desk.example", frozenset(Role), "network")
# The limits of rates are tried elsewhere; here they would answer for everything else.
NO_LIMITS = HttpSettings(rate=1e6, burst=10**6, anonymous_rate=1e6, anonymous_burst=10**6)

# Requests that fit the document and are refused all the same, by the code of the answer: the
# document says of one call what its parts look like. It cannot say what calls before it did, what
# the charter has, or what two parts say together. Whatever has another code is a fault.
BEYOND_A_DOCUMENT = {
    "bad-code": "a ticket's code has a letter that checks the others",
    "bad-cursor": "a cursor is signed by the service",
    "bad-days": "two days are too far apart, or the wrong way round",
    "bad-file-name": "a name shows nothing, or has signs that nobody sees",
    "day-is-past": "the day is compared with today",
    "day-too-far": "the day is compared with today",
    "days-upside-down": "two days the wrong way round",
    "change-to-come": "the day is compared with today",
    "disguised-file": "a file's name and its content say different things",
    "empty-cohort": "one of three parameters has to be there",
    "file-kind-not-allowed": "what a file is, its content says",
    "idempotency-key-reused": "the key was there in a call before",
    "language-twice": "two texts of one list are in the same language",
    "no-such-skill": "the charter has no such skill of that team",
    "no-word-to-search": "which signs make words, Unicode says in tables",
    "no-solution": "the ticket is not solved yet",
    "no-such-period": "a week that its year does not have; an end before its beginning",
    "precondition-failed": "the version is not the one that there is",
    "reason-names-person": "two fields of one body together",
    "sla-by-due": "two parameters exclude each other",
    "too-many-days": "two days are too far apart",
    "unknown-member": "the charter has no such member of that team",
    "unknown-problem": "there is no such problem",
    "unknown-service": "the charter has no such service",
    "unknown-team": "the charter has no such team",
}
# The same for single fields, by what is said of them.
BEYOND_A_SCHEMA = re.compile(
    # An invisible sign alone is a text of length 1.
    "Nothing of this can be seen"
    "|A person's id (?:shows nothing|holds characters that nobody can see)"
    # JSON Schema has no bounds of days.
    "|Write one from .* to "
)
SETTINGS: dict[str, Any] = {
    "workers": 1,
    "continue-on-failure": True,
    "request-timeout": 5,
    "auth": {"openapi": {"bearer": {"bearer": CALLER.subject}}},
    "checks": {
        # 412 and 413 refuse, too: who names an old version, or sends too much, is told that first.
        "negative_data_rejection": {
            "expected-statuses": [
                *("400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422"),
                *("428", "429", "503"),
            ]
        },
        # RFC 6585: who leaves out the version that they change is answered with 428.
        "missing_required_header": {
            "expected-statuses": ["400", "401", "403", "406", "415", "422", "428"]
        },
    },
}


@dataclass
class Fuzzed:
    """What came of a run."""

    calls: int = 0
    phases: dict[str, int] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    # One text for each check, operation and kind of answer.
    faults: dict[str, str] = field(default_factory=dict)

    def count(self, phase: str, recorder: ScenarioRecorder) -> None:
        answers = [item.response for item in recorder.interactions.values()]
        self.calls += len(answers)
        self.phases[phase] = self.phases.get(phase, 0) + len(answers)
        for answer in answers:
            status = answer.status_code if answer else 0
            self.statuses[status] = self.statuses.get(status, 0) + 1


def fuzz(world: World, examples: int, seed: int, only: str = "") -> Fuzzed:
    """Calls every operation; `examples` for each beside the document's own and its edges."""
    app = world.app
    app.state.authenticator = FakeAuthenticator(CALLER)
    app.state.limits = RateLimits(NO_LIMITS)
    for module in (converter, coverage):
        module.update_quantifier = _keep_pattern  # type: ignore[attr-defined]  # imported there
    config = SchemathesisConfig.from_dict(_settings(world, examples, seed))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    chosen = schema.include(path_regex=only) if only else schema
    outcome = Fuzzed()
    for event in engine.from_schema(chosen).execute():
        match event:
            case events.ScenarioFinished(recorder=recorder):
                outcome.count(event.phase.value, recorder)
                outcome.faults |= dict(_faults(recorder))
            case events.NonFatalError():
                outcome.faults[f"error {event.label}"] = repr(event.value)
            case events.FatalError():
                raise event.exception
    return outcome


@schemathesis.hook("before_call")
def name_any_version(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Edge cases of schemathesis 4.32 fill in `0` as the ETag, whatever the pattern says."""
    if case.headers.get("If-Match") == "0":
        case.headers["If-Match"] = "*"


def _keep_pattern(pattern: str, _least: int | None, _most: int | None) -> str:
    """How long a text may be stays beside its pattern.

    schemathesis writes both into one pattern. To compile 20,000 repetitions of a class of signs
    takes most of a second each time, and among the texts that fit were none with blanks.
    """
    return pattern


def _settings(world: World, examples: int, seed: int) -> dict[str, Any]:
    """Ids that there are, for most calls: a made-up one is answered with 404 and nothing else."""
    bindings = {f"path.{name}": {"dictionary": name, "probability": 0.7} for name in world.names}
    values = {name: {"values": sorted(set(ids))} for name, ids in world.names.items()}
    return SETTINGS | {
        "seed": seed,
        "generation": {"max-examples": examples, "database": "none", "no-shrink": True},
        "dictionaries": {**values, "any version": {"values": ["*"]}},
        "parameters": {
            **bindings,
            "header.If-Match": {"dictionary": "any version", "probability": 0.7},
        },
    }


def _faults(recorder: ScenarioRecorder) -> Iterator[tuple[str, str]]:
    for id, checks in recorder.checks.items():
        for check in checks:
            info = check.failure_info
            if info is None:
                continue
            made = recorder.interactions.get(id)
            content = made.response.content if made and made.response else b""
            answer = _read(content)
            if check.name == "positive_data_acceptance" and is_beyond(answer):
                continue
            if "violates `maxLength`" in info.failure.message and _has_blanks_around(made):
                continue  # a text is counted without the blanks around it
            operation = recorder.cases[id].value.operation.label
            what = f"{info.failure.title}: {info.failure.message[:1000]}"
            text = f"{what}\n{(info.code_sample or '')[:1000]}\n{content[:1000]!r}"
            yield f"{check.name} {operation} {answer.get('code', '')}", text


def is_beyond(answer: dict[str, Any]) -> bool:
    """Whether a refusal is about something that no document can say."""
    if answer.get("code") in BEYOND_A_DOCUMENT:
        return True
    # Rows of a batch are read one by one: the document leaves them open, so that none stops others.
    details = [error["detail"] for error in answer.get("errors", ())]
    return "results" in answer or (bool(details) and all(map(BEYOND_A_SCHEMA.match, details)))


def _has_blanks_around(made: Interaction | None) -> bool:
    def texts(value: Any) -> Iterator[str]:
        match value:
            case str():
                yield value
            case dict():
                for item in value.values():
                    yield from texts(item)
            case list():
                for item in value:
                    yield from texts(item)

    body = made.request.body if made else None
    return any(text != text.strip() for text in texts(_read(body or b"")))


def _read(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
