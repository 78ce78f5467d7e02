"""What triage remembers of a ticket: its decision, and what people corrected. Never fought."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from desk_charter.model import Charter
from desk_charter.people import Team
from desk_contracts.events.tickets import How, Kind, TicketOpened
from desk_contracts.events.triage import TeamProposal
from desk_contracts.message import Explanation, Message
from desk_contracts.names import TRIAGE_SOURCE
from desk_contracts.value_types import Priority, Value

# Who triage is on the bus.
SOURCE = TRIAGE_SOURCE
MAX_CORRECTIONS = 20
# A decision of the learned model names it so as its rule.
LEARNED = "learned:"
# Where no team finished anything nothing shows which would have been right.
BY_A_TEAM = frozenset({How.MEMBER, How.PROBLEM})
# What people ask for is not trouble, however many ask for it at once.
TROUBLE = frozenset({Kind.INCIDENT, Kind.PROACTIVE})


@dataclass(frozen=True, slots=True)
class TeamPrediction:
    """What was learned says of a ticket. Without a team a person decides, with its proposals.

    `rule` names the model, and is empty if there is none.
    """

    team: Team | None = None
    category: str = ""
    rule: str = ""
    reasons: tuple[Message, ...] = ()
    proposals: tuple[TeamProposal, ...] = ()
    """The teams that may be right, the most probable first, whether it is sure or not."""


Predict = Callable[[TicketOpened, Charter], TeamPrediction]


def predict_nothing(_opened: TicketOpened, _charter: Charter) -> TeamPrediction:
    """As long as nothing was learned."""
    return TeamPrediction()


class Routing(Value):
    """What triage concluded, as published. Without priority it was left to a person."""

    team: str
    category: str = ""
    priority: Priority | None = None
    service: str = ""
    member: str = ""
    skills: tuple[str, ...] = ()
    rule: str = ""
    explanation: Explanation = ()
    charter: str
    decided_at: datetime
    proposals: tuple[TeamProposal, ...] = ()
    """What was learned proposed, whoever decided."""

    @property
    def model(self) -> str:
        """Version of the learned model that chose the team; empty if none did."""
        return self.rule.removeprefix(LEARNED) if self.rule.startswith(LEARNED) else ""

    @property
    def is_deferred(self) -> bool:
        """Whether a person has to decide."""
        return self.priority is None


class Correction(Value):
    """A person decided otherwise: material to learn from."""

    field: str
    decided: str
    corrected: str
    by: str = ""
    at: datetime


class Ticket(Value):
    """A ticket as triage sees it."""

    code: str
    kind: Kind
    title: str
    requester: str
    opened_at: datetime
    decision: Routing
    team: str
    member: str = ""
    is_open: bool = True
    corrections: tuple[Correction, ...] = ()
