"""`desk.signals`: trouble seen in telemetry before anybody called. Key: device or service."""

from datetime import datetime

from pydantic import Field, FiniteFloat

from desk_contracts import names
from desk_contracts.envelope import Payload
from desk_contracts.events.changes import ChangeKind
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
    is_measured: bool = Field(
        default=True,
        description="False if `value` is no measurement: an alert has 1, a fleet counts devices.",
    )
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


class SignalDropped(Payload, type="desk.signal.dropped.v1", topic=names.SIGNALS):
    """Nobody watches an open signal any more: whether it is over is not known."""

    episode: Identifier
    detector: Identifier
    signal: Identifier
    title: ShortText
    seen_at: datetime = Field(description="When it was last seen to be open.")
    subject_kind: SubjectKind
    service: str = ""
    explanation: Explanation = ()


class ChangeSuspected(Payload, type="desk.signal.change-suspected.v1", topic=names.SIGNALS):
    """More trouble than usual since a change began: its pipeline should not go on. Key: service."""

    change: Identifier
    change_source: str = Field(description="The system that reported the change.")
    kind: ChangeKind
    title: ShortText
    ring: str = Field(default="", description="Who had got it by then.")
    service: str
    signal: Identifier = Field(description="The symptom, e.g. vpn-failing.")
    count: int = Field(ge=1, description="Devices and services that show it since the change.")
    expected: FiniteFloat = Field(
        ge=0, description="How many would have shown it without a change."
    )
    episodes: tuple[Identifier, ...] = Field(default=(), description="The newest of the signals.")
    explanation: Explanation = ()


class SignalCleared(Payload, type="desk.signal.cleared.v1", topic=names.SIGNALS):
    """The measurement is healthy again."""

    episode: Identifier
    detector: Identifier
    signal: Identifier
    value: FiniteFloat
    subject_kind: SubjectKind = SubjectKind.DEVICE
    service: str = ""
    explanation: Explanation = ()
