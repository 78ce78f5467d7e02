"""`desk.telemetry`: what devices and services report of themselves. Key: device or service."""

from typing import Annotated

from pydantic import Field, FiniteFloat

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.people import OptionalPerson
from desk_contracts.value_types import Identifier, Severity, SubjectKind, VisibleText

Attributes = Annotated[dict[str, str], Field(max_length=50)]


class Measured(Payload, type="desk.telemetry.measured.v1", topic=names.TELEMETRY):
    """One number at one moment, e.g. `disk.free.percent` of a laptop."""

    subject_kind: SubjectKind
    name: Identifier = Field(description="Dotted name of the measurement, unit last.")
    value: FiniteFloat
    unit: str = Field(default="", description="UCUM unit: `%`, `ms`, `1`.")
    service: str = Field(default="", description="The service that the subject belongs to.")
    person: OptionalPerson = Field(default="", description="Who uses the device.")
    site: str = ""
    attributes: Attributes = Field(default_factory=dict)


class Observed(Payload, type="desk.telemetry.observed.v1", topic=names.TELEMETRY):
    """Something that is not a number: a crash, a state, an error text."""

    subject_kind: SubjectKind
    name: Identifier
    text: VisibleText
    service: str = ""
    person: OptionalPerson = ""
    site: str = ""
    attributes: Attributes = Field(default_factory=dict)


class AlertFired(Payload, type="desk.alert.fired.v1", topic=names.TELEMETRY):
    """A monitoring system raised an alert."""

    subject_kind: SubjectKind
    name: Identifier
    fingerprint: Identifier
    severity: Severity
    summary: VisibleText
    service: str = ""
    attributes: Attributes = Field(default_factory=dict)


class AlertResolved(Payload, type="desk.alert.resolved.v1", topic=names.TELEMETRY):
    """The monitoring system says that the alert is over."""

    subject_kind: SubjectKind
    name: Identifier
    fingerprint: Identifier
    service: str = ""
