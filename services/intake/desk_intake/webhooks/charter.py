"""webhooks.yaml: who calls the desk in a form of their own, and how that form is read.

The file may be missing; then there are no webhooks. No secret stands in it.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.sections import Section
from desk_charter.source_checks import SOURCES
from desk_charter.value_types import CharterModel, Slug
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.telemetry import AlertFired, AlertResolved
from desk_contracts.value_types import Severity
from pydantic import Field, StringConstraints, model_validator

Path = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Form(StrEnum):
    """Whose form the calls have."""

    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    ZABBIX = "zabbix"
    GENERIC = "generic"


class Proof(StrEnum):
    """How the caller proves who it is."""

    TOKEN = "token"  # noqa: S105  the name of a way
    HMAC_SHA256 = "hmac-sha256"
    STANDARD_WEBHOOKS = "standard-webhooks"


class Reading(CharterModel):
    """Where a generic form has what: paths of names and numbers with dots, such as `check.host`."""

    items: Path | None = Field(
        default=None, description="Where the list of reports is; left out: the body is one report."
    )
    occurrence: Path = Field(
        description="What differs each time it happens: an id, or the moment it began."
    )
    name: Path | None = Field(default=None, description="An alert's name; for alerts.")
    fingerprint: Path | None = Field(
        default=None, description="What stays the same while an alert exists; left out: its name."
    )
    status: Path | None = Field(default=None, description="Whether an alert fired or is over.")
    over: tuple[Word, ...] = Field(
        default=("resolved", "ok"), description="Values of `status` that mean that it is over."
    )
    severity: Path | None = Field(default=None, description="How bad an alert is.")
    severities: dict[Word, Severity] = Field(
        default={}, description="What its words for severities mean; others mean warning."
    )
    summary: Path | None = Field(default=None, description="An alert in a line.")
    requester: Path | None = Field(default=None, description="Who needs help; for requests.")
    title: Path | None = Field(default=None, description="What is wanted; for requests.")
    description: Path | None = Field(default=None, description="More about it; for requests.")
    service: Path | None = Field(default=None, description="The service concerned.")
    device: Path | None = Field(default=None, description="The device concerned.")
    at: Path | None = Field(default=None, description="When it happened, RFC 3339.")

    @property
    def is_request(self) -> bool:
        """Whether it asks for tickets, rather than reporting alerts."""
        return self.requester is not None

    @model_validator(mode="after")
    def says_enough(self) -> Self:
        """An alert has a name and concerns something; a request has a requester and a title."""
        if self.is_request:
            if self.title is None:
                raise ValueError("requests need a title; write where it stands")
            if self.name is not None or self.status is not None:
                raise ValueError("it reads alerts or requests, not both; remove 'requester'")
            return self
        if self.name is None or self.status is None:
            raise ValueError(
                "alerts need 'name' and 'status'; write where they stand, or for requests where"
                " 'requester' and 'title' do"
            )
        if self.service is None and self.device is None:
            raise ValueError("alerts concern something; write where 'service' or 'device' stands")
        return self


class Webhook(CharterModel):
    """One address that a system calls: `POST /v1/webhooks/NAME`."""

    name: Slug = Field(description="The end of its address.")
    system: Slug = Field(description="Whose it is: a name of sources.yaml.")
    form: Form = Field(description="alertmanager, grafana, zabbix or generic.")
    proof: Proof = Field(
        default=Proof.TOKEN,
        description="token: the system's own, as a bearer token; hmac-sha256 or standard-webhooks:"
        " a signature with the secret in the file of the webhook's name.",
    )
    signature_header: HeaderName = Field(
        default="X-Grafana-Alerting-Signature",
        description="hmac-sha256: the header with the signature, in hexadecimal.",
    )
    timestamp_header: HeaderName | None = Field(
        default=None,
        description="hmac-sha256: the header with the time of the call in seconds since 1970,"
        " which is signed too (`TIME:BODY`). Left out: an old call can be repeated.",
    )
    service_label: Label = Field(
        default="service", description="The label or tag that names the service concerned."
    )
    device_label: Label = Field(
        default="instance",
        description="The label that names the device concerned, with or without a port.",
    )
    severity_label: Label = Field(
        default="severity", description="The label that says how bad it is."
    )
    reading: Reading | None = Field(
        default=None, description="generic only: where its form has what."
    )

    @model_validator(mode="after")
    def agrees(self) -> Self:
        """What is written is used."""
        if (self.form is Form.GENERIC) != (self.reading is not None):
            raise ValueError("'reading' belongs to the generic form, which needs it")
        if self.timestamp_header is not None and self.proof is not Proof.HMAC_SHA256:
            raise ValueError(
                f"'timestamp_header' has no meaning with the proof {self.proof}; remove it"
            )
        return self


def webhooks_are_of_systems(draft: Draft) -> Iterator[Problem]:
    """Each belongs to a system that may say what it will."""
    systems = {system.name: system for system in draft.of(SOURCES, ())}
    for webhook in draft.of(WEBHOOKS, ()):
        where = ("webhooks", webhook.name)
        system = systems.get(webhook.system)
        if system is None:
            yield from draft.unknown("sources", webhook.system, *where, "system")
            continue
        is_request = webhook.reading is not None and webhook.reading.is_request
        needed = (TicketRequested,) if is_request else (AlertFired, AlertResolved)
        for payload in needed:
            if payload.TYPE not in system.types:
                sentence = f"'{system.name}' may not send {payload.TYPE}; add it in sources.yaml"
                yield Problem.at(*where, "system", sentence=sentence)
        if webhook.proof is Proof.TOKEN and not (system.token_sha256 or system.sign_in):
            sentence = f"'{system.name}' has no token in sources.yaml; give it one, or a 'proof'"
            yield Problem.at(*where, "system", sentence=sentence)


WEBHOOKS: Section[tuple[Webhook, ...]] = Section(
    "webhooks", Webhook, is_optional=True, checks=(webhooks_are_of_systems,)
)
