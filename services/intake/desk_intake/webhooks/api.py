"""`POST /v1/webhooks/{webhook}`: calls in the form of another system, published as its events."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from desk_charter.publishers import PUBLISHERS
from desk_charter.sources import OutsideSystem
from desk_contracts.errors import Forbidden, Invalid, NotFound
from desk_contracts.message import message
from desk_platform.http import Principal, Unauthenticated
from desk_platform.http.cloudevents import MOST_EVENTS, SentEvent
from desk_platform.http.principal import Policy
from desk_platform.http.rates import RateLimits
from desk_platform.http.refusals import BadRequest, TooLarge, UnsupportedMediaType
from desk_platform.settings.secret_files import SecretFolder
from desk_platform.telemetry import get_logger
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from desk_intake.events.api.events import (
    EventsAnswer,
    EventsDeps,
    answer_outcomes,
    publish_taken,
    system_called,
)
from desk_intake.events.api.posted import Outcome, judge_event
from desk_intake.webhooks.charter import WEBHOOKS, Proof, Webhook
from desk_intake.webhooks.decide import describe, read_reports
from desk_intake.webhooks.signatures import is_signed

log = get_logger()

_EXAMPLE: dict[str, Any] = {
    "version": "4",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "LoginsFail", "service": "vpn", "severity": "critical"},
            "annotations": {"summary": "Logins fail"},
            "startsAt": "2026-03-02T08:00:00Z",
            "fingerprint": "c0ffee",
        }
    ],
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
    }
}
_STRUCTURED = (("content-type", b"application/cloudevents+json"),)


@dataclass(frozen=True, slots=True)
class WebhookDeps:
    """What the route needs."""

    events: EventsDeps
    secrets: SecretFolder


@dataclass(frozen=True, slots=True)
class WebhookPolicy(Policy):
    """The caller must be the system whose webhook it is, by its token or by a signature."""

    deps: WebhookDeps

    async def __call__(self, request: Request) -> Principal:
        limits: RateLimits = request.app.state.limits
        try:
            webhook = _find_webhook(self.deps, request.path_params["webhook"])
        except NotFound:
            limits.count_anonymous(request.scope)
            raise
        if webhook.proof is Proof.TOKEN:
            caller = await PUBLISHERS(request)
            if caller.subject != webhook.system:
                why = message("webhook.of-another", webhook=webhook.name, system=webhook.system)
                raise Forbidden(why, code="foreign-webhook")
            return caller
        secret = self.deps.secrets.find(webhook.name)
        headers, body = request.headers, await request.body()
        now = self.deps.events.clock.now()
        if secret is None or not is_signed(webhook, secret, headers, body, now):
            limits.count_anonymous(request.scope)
            if secret is None:
                log.warning("webhook_without_secret", webhook=webhook.name)
            raise Unauthenticated(message("webhook.bad-signature"), code="bad-signature")
        limits.count_caller(request.scope, f"source \0{webhook.system}")
        return Principal(webhook.system)


def _find_webhook(deps: WebhookDeps, name: str) -> Webhook:
    for webhook in deps.events.charter().of(WEBHOOKS):
        if webhook.name == name:
            return webhook
    raise NotFound(message("webhook.unknown", webhook=name[:80]), code="no-such-webhook")


def webhooks_router(deps: WebhookDeps) -> APIRouter:
    """`POST /v1/webhooks/{webhook}`."""
    router = APIRouter(prefix="/v1", tags=["events"])
    policy = WebhookPolicy(frozenset(), deps)

    @router.post(
        "/webhooks/{webhook}",
        status_code=202,
        summary="Call the desk as another system does",
        openapi_extra=_BODY,
        responses={
            202: {"model": EventsAnswer, "description": "The bus has all of it."},
            207: {"model": EventsAnswer, "description": "The bus has some; the rest was refused."},
        },
    )
    async def take_call(
        request: Request, webhook: str, sender: Annotated[Principal, Depends(policy)]
    ) -> Response:
        """The body as Alertmanager, Grafana or Zabbix sends it, or as the charter maps it.

        Each alert in it becomes an event under the system's own source. Repeating a call is
        harmless: the same content gives the same event. 503 means that the bus did not acknowledge
        all; send the same again.
        """
        called = _find_webhook(deps, webhook)
        system = system_called(deps.events.charter(), sender.subject)
        outcomes = list(_judge(deps, called, system, _read_json(request, await request.body())))
        return answer_outcomes(request, system, await publish_taken(deps.events, outcomes))

    return router


def _judge(
    deps: WebhookDeps, webhook: Webhook, system: OutsideSystem, body: object
) -> Iterator[Outcome]:
    """Each report as the event that it becomes, or why it does not."""
    for report in _reports_of(webhook, body):
        described = report if isinstance(report, Invalid) else describe(report, system.source)
        if isinstance(described, Invalid):
            yield described
            continue
        sent = SentEvent(json.dumps(described).encode(), _STRUCTURED)
        yield judge_event(sent, system, deps.events.clock)


def _reports_of(webhook: Webhook, body: object) -> Sequence[Any]:
    reports = read_reports(webhook, body)
    if len(reports) > MOST_EVENTS:
        raise TooLarge(message("webhook.too-many", count=len(reports), most=MOST_EVENTS))
    if isinstance(body, dict) and body.get("truncatedAlerts"):
        log.warning("webhook_truncated", webhook=webhook.name, left_out=body["truncatedAlerts"])
    return reports


def _read_json(request: Request, body: bytes) -> object:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMediaType(message("webhook.no-json", kind=kind[:80]))
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(message("request.unreadable"), code="bad-json") from error
