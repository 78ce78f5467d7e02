"""An incident cluster is where like tickets gather: one service and category.

Many at once are one problem. State only; `decide.py` decides, `events.py` makes the events.
"""

from datetime import datetime

from desk_contracts.message import Message
from desk_contracts.people import PersonId
from desk_contracts.value_types import Identifier, Value

# More are linked and told all the same, but not listed again at the end.
MAX_MEMBERS = 20_000


class Report(Value):
    """One ticket that reports the trouble, by the time it was asked for."""

    ticket: Identifier
    person: PersonId
    at: datetime


class Evidence(Value):
    """A signal of the service itself that is open."""

    episode: Identifier
    title: str


class Problem(Value):
    """An open problem and who is in it, as (ticket, person)."""

    id: str
    title: Message
    team: str
    message: Message
    first_at: datetime
    last_at: datetime
    quiet_until: datetime
    members: tuple[tuple[str, str], ...]
    # Those of the members at the end, or beyond the most, of whom no event has told yet.
    joining: tuple[tuple[str, str], ...] = ()
    unlisted: int = 0
    has_signal: bool = False
    signals: tuple[str, ...] = ()
    # How many people are in it, where the members are left out.
    people_count: int | None = None

    @property
    def tickets(self) -> int:
        """How many tickets are in it."""
        return len(self.members) + self.unlisted

    @property
    def head_count(self) -> int:
        """How many people are in it."""
        return len(self.people) if self.people_count is None else self.people_count

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody in it once, in the order they came."""
        return tuple(dict.fromkeys(person for _, person in self.members))


class IncidentCluster(Value):
    """The tickets of one kind of trouble that are recent, the open signals, the open problem."""

    service: str
    category: str
    reports: tuple[Report, ...] = ()
    signals: tuple[Evidence, ...] = ()
    problem: Problem | None = None
    last_problem: str = ""
    # The tickets of the last problem: delivered again, they are no sign of a new one.
    resolved: tuple[Identifier, ...] = ()

    def knows(self, ticket: str) -> bool:
        """Whether a ticket was counted before, however long ago and however many came since."""
        members = self.problem.members if self.problem else ()
        return (
            any(report.ticket == ticket for report in self.reports)
            or any(member == ticket for member, _ in members)
            or ticket in self.resolved
        )

    @property
    def name(self) -> str:
        """Key of its document."""
        return cluster_key(self.service, self.category)

    @property
    def ends_at(self) -> datetime | None:
        """When the problem is over if nothing more is heard.

        Silence alone is no cure: without a signal that has cleared only a person ends it.
        """
        if self.problem is None or not self.problem.has_signal or self.signals:
            return None
        return self.problem.quiet_until


def omit_members(cluster: IncidentCluster) -> IncidentCluster:
    """What a listing shows of it: how many there are, not who."""
    problem = cluster.problem
    brief = problem and problem.model_copy(
        update={
            "members": (),
            "joining": (),
            "unlisted": problem.tickets,
            "people_count": problem.head_count,
        }
    )
    return cluster.model_copy(
        update={"reports": (), "signals": cluster.signals[:1], "problem": brief}
    )


def cluster_key(service: str, category: str) -> str:
    """Names of services have no slash, so this can be split again."""
    return f"{service}/{category}"


def split_key(key: str) -> tuple[str, str]:
    """Service and category of a cluster's key."""
    service, _, category = key.partition("/")
    return service, category
