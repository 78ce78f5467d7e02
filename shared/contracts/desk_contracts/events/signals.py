"""`desk.signals`: trouble seen in telemetry before anybody called. Key: device or service."""

from datetime import datetime

from pydantic import Field, FiniteFloat

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.message import Explanation
from desk_contracts.people import OptionalPerson
from desk_contracts.value_types import Identifier, Severity, ShortText, SubjectKind


class SignalRaised(Payload, type="desk.signal.raised.v1", topic=names.SIGNALS):
    """A detector sees trouble. `episode` is the same until the signal is cleared."""

    episode: Identifier
    detector: Identifier
    signal: Identifier = Field(description="Kebab-case name of the symptom, e.g. disk-filling.")
    title: ShortText
    severity: Severity
    subject_kind: SubjectKind
    measurement: str
    value: FiniteFloat
    threshold: FiniteFloat
    expected_at: datetime | None = Field(
        default=None, description="When it will hurt, if forecast."
    )
    service: str = ""
    person: OptionalPerson = ""
    site: str = ""
    attributes: dict[str, str] = Field(default_factory=dict)
    explanation: Explanation = ()
    charter: str = ""
    amended: tuple[str, ...] = Field(
        default=(), description="Fields of the telemetry that were made to fit, `time` among them."
    )


class SignalSeverityChanged(Payload, type="desk.signal.severity-changed.v1", topic=names.SIGNALS):
    """An open signal has become worse, or less bad; `title` is what its newest report says."""

    episode: Identifier
    detector: Identifier
    signal: Identifier
    title: ShortText
    severity: Severity
    previous: Severity = Field(description="How bad it was until now.")
    subject_kind: SubjectKind
    measurement: str = ""
    service: str = ""
    explanation: Explanation = ()

    @property
    def is_worse(self) -> bool:
        """Whether it rose; else it fell."""
        return self.severity.rank > self.previous.rank


class SignalCleared(Payload, type="desk.signal.cleared.v1", topic=names.SIGNALS):
    """The measurement is healthy again."""

    episode: Identifier
    detector: Identifier
    signal: Identifier
    value: FiniteFloat
    subject_kind: SubjectKind = SubjectKind.DEVICE
    service: str = ""
    explanation: Explanation = ()
