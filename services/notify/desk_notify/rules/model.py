"""What notify remembers: of a ticket, a person, a problem only what their messages need."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from desk_contracts.events.sla import SlaAtRisk, SlaBreached
from desk_contracts.events.tickets import Kind
from desk_contracts.frozen import Frozen
from desk_contracts.message import Message
from desk_contracts.messages import Language
from desk_contracts.value_types import Priority


class DeferredNotice(Frozen):
    """An event that is told of later, when what its message has to say is known."""

    id: str
    source: str
    time: datetime
    correlation_id: str = ""
    traceparent: str = ""


class EarlyFact(DeferredNotice):
    """An SLA's event that came before the ticket it is about."""

    fact: SlaAtRisk | SlaBreached


class SlaReported(Frozen):
    """What a team was told of an SLA, in case that it turns out not to be so."""

    sla: str
    what: Literal["at_risk", "breached"]
    team: str
    due: datetime | None = None


class Ticket(Frozen):
    """What messages say about a ticket; without a code it is not known yet."""

    code: str = ""
    kind: Kind = Kind.INCIDENT
    title: str = ""
    text: str = ""
    requester: str = ""
    opened_at: datetime | None = None
    language: Language = "en"
    team: str = ""
    priority: Priority | None = None
    service: str = ""
    evidence: tuple[Message, ...] = ()
    question: str = ""
    response_due: datetime | None = None
    resolution_due: datetime | None = None
    watchers: tuple[str, ...] = ()
    problem: str = ""
    problems_over: tuple[str, ...] = ()
    is_done: bool = False
    early: tuple[EarlyFact, ...] = ()
    slas_reported: tuple[SlaReported, ...] = ()
    # By when it is answered is known, or that nothing says so.
    has_sla: bool = False
    # Its requester hears of the team together with that.
    deferred: DeferredNotice | None = None


class Person(Frozen):
    """Whom we write to: the language of their latest ticket, the problems they were told of."""

    language: Language = "en"
    language_at: datetime | None = None
    problems: tuple[str, ...] = ()
    problems_over: tuple[str, ...] = ()


class TopicKind(StrEnum):
    """What a team is told of that is not a ticket."""

    PROBLEM = "problem"
    APPROVAL = "approval"
    RUN = "run"
    SIGNAL = "signal"
    REPORT = "report"
    DEMAND = "demand"
    PROMOTION = "promotion"


class TeamTopic(Frozen):
    """A problem, a failed repair, a signal or a report, and the team that was told of it."""

    kind: TopicKind
    team: str
    title: str
    tickets: int = 0
    is_over: bool = False
    is_detected: bool = False
