"""The OpenAPI document: FastAPI's own, plus problems, sign-in, roles and the headers calls need."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from desk_platform.http.auth import DevAuthenticator
from desk_platform.http.etags import optional_precondition, precondition
from desk_platform.http.idempotency import asks_for_key
from desk_platform.http.principal import OpenPolicy, policies_of
from desk_platform.http.problems import MEDIA_TYPE, Problem

_ERRORS = {
    "description": "What went wrong, and what to do (RFC 9457).",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
# FastAPI's own shape of a 422, which the desk never answers with.
_UNUSED_SCHEMAS = ("HTTPValidationError", "ValidationError")
KEY_HEADER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    # Bare as most send it, or quoted as the draft says.
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r'^([!#-~]([ -~]*[!-~])?|"([ !#-\[\]-~]|\\["\\])+")$',
    },
    "description": "A new random value for each thing you want done, the same one when you repeat"
    " the call; kept for 24 hours.",
}
_IF_MATCH_HEADER = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    # RFC 9110, section 13.1.1.
    "schema": {
        "type": "string",
        "pattern": r'^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$',
        "examples": ['"7"'],
    },
    "description": "The ETag of the version you have read; 412 when it is no longer the latest.",
}
_OPTIONAL_IF_MATCH = _IF_MATCH_HEADER | {
    "required": False,
    "description": "The ETag of the version you decided on; left out: whatever it is by now.",
}
_BEARER = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
# What one's own machine believes; the page of calls then asks for these in place of a token.
_PLAIN_HEADERS = {
    name: {"type": "apiKey", "in": "header", "name": name, "description": text}
    for name, text in (
        ("X-Desk-User", "Who you are, for example ana."),
        ("X-Desk-Roles", "employee, member, owner, operator; several with commas between."),
        ("X-Desk-Team", "For a member: the team, for example network."),
    )
}


class DeskApp(FastAPI):
    """FastAPI whose document tells of problems, of who may call what, and of the headers needed."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            components = document.setdefault("components", {})
            schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            components.setdefault("schemas", {}).update(schema.pop("$defs", {}))
            components["schemas"]["Problem"] = schema
            for unused in _UNUSED_SCHEMAS:
                components["schemas"].pop(unused, None)
            components["securitySchemes"], document["security"] = dict(_BEARER), [{"bearer": []}]
            if isinstance(getattr(self.state, "authenticator", None), DevAuthenticator):
                components["securitySchemes"] |= _PLAIN_HEADERS
                document["security"] = [{name: [] for name in _PLAIN_HEADERS}]
            for operation, dependant in self._operations(document["paths"]):
                _describe(operation, dependant)
                _forbid_nulls(operation.get("parameters", ()))
                # FastAPI writes a text as the schema of what is no JSON; here it has one of events.
                for answer in operation["responses"].values():
                    stream = answer.get("content", {}).get("text/event-stream", {})
                    stream.pop("schema", None)
        return self.openapi_schema or {}

    def _operations(self, paths: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Dependant]]:
        for route in iter_route_contexts(self.routes):
            dependant = getattr(route, "dependant", None)
            if isinstance(dependant, Dependant):
                for method in route.methods or ():
                    operation = paths.get(route.path_format or "", {}).get(method.lower())
                    if operation is not None:
                        yield operation, dependant


def _describe(operation: dict[str, Any], dependant: Dependant) -> None:
    answers = operation.setdefault("responses", {})
    if _UNUSED_SCHEMAS[0] in str(answers.get("422")):
        del answers["422"]
    answers.setdefault("default", _ERRORS)
    policies = policies_of(dependant)
    roles = {
        role for policy in policies if not isinstance(policy, OpenPolicy) for role in policy.roles
    }
    if any(isinstance(policy, OpenPolicy) for policy in policies):
        operation["security"] = []
    elif roles:
        operation["x-desk-roles"] = sorted(roles)
    headers = [KEY_HEADER] if asks_for_key(dependant) else []
    if _has(dependant, precondition):
        headers.append(_IF_MATCH_HEADER)
    elif _has(dependant, optional_precondition):
        headers.append(_OPTIONAL_IF_MATCH)
    if headers:
        operation["parameters"] = [*operation.get("parameters", []), *headers]


def _forbid_nulls(parameters: Iterable[dict[str, Any]]) -> None:
    """What is left out of an address has no value: nobody can send a null there."""
    for parameter in parameters:
        schema = parameter["schema"]
        kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
        if len(kinds) == 1:
            del schema["anyOf"]
            parameter["schema"] = {**kinds[0], **schema}


def _has(dependant: Dependant, call: object) -> bool:
    return dependant.call is call or any(
        _has(dependency, call) for dependency in dependant.dependencies
    )
