"""The problem register: recent reports of trouble, how often each term came before, open problems.

One document, since what is unusual shows only beside all other tickets. State only; `decide.py`
decides, `events.py` makes the events.
"""

from datetime import datetime

from desk_contracts.events.automation import StopKind
from desk_contracts.events.problems import ProblemStatus
from desk_contracts.message import Message
from desk_contracts.people import PersonId
from desk_contracts.value_types import Identifier, Value

from desk_triage.problems.meaning import Centre, Placed
from desk_triage.problems.members import Members
from desk_triage.problems.profile import Profile, Wording

REGISTER = "register"
# More are linked and told all the same, but not listed again at the end.
MAX_MEMBERS = 20_000


class Report(Value):
    """One ticket that reports trouble, by the time it was asked for."""

    ticket: Identifier
    person: PersonId
    at: datetime
    service: str = ""
    category: str = ""
    words: tuple[str, ...] = ()
    # The latest time known when it came; and whether its person had reported within the window.
    counted_at: datetime
    is_repeated: bool = False
    # What it means, in signs; empty without an encoder, or beyond what is encoded.
    meaning: str = ""

    @property
    def wording(self) -> Wording:
        """What is compared of it."""
        return Wording(self.words, self.service, self.category)


class Evidence(Value):
    """A signal of a service itself that is open."""

    episode: Identifier
    service: str
    title: str


class Tally(Value):
    """How many of all tickets joined since a moment, and in the time before that."""

    since: datetime
    joined: int = 0
    seen: int = 0
    joined_before: int = 0
    seen_before: int = 0


class Problem(Value):
    """An open problem and who is in it, as (ticket, person)."""

    id: str
    service: str
    category: str = ""
    title: Message
    team: str
    message: Message
    status: ProblemStatus = ProblemStatus.PROPOSED
    first_at: datetime
    last_at: datetime
    members: Members
    # Those of the members at the end, or beyond the most, of whom no event has told yet.
    joining: Members = Members()
    unlisted: int = 0
    signals: tuple[str, ...] = ()
    # One of its signals gave way to newer ones, or nobody watches it any more: the end of the
    # others shows nothing.
    has_lost_signals: bool = False
    # The term that was most unusual, and what the members say.
    seed: int
    worded_by: int
    wording: dict[int, int]
    # The weight from which on a ticket joins.
    enough: float
    # What some of its tickets mean, and the distance up to which a ticket joins by that.
    places: tuple[Placed, ...] = ()
    near: float = -1.0
    # How many joined by meaning of whom no event has told yet.
    joining_by_meaning: int = 0
    tally: Tally
    # What a person took out: it does not join again.
    removed: tuple[Identifier, ...] = ()
    # The solved problem that it looks like.
    recalls: str = ""
    # How many people are in it, where the members are left out.
    people_count: int | None = None
    # The fix that was needed too often, at which target (empty: at all), and how often so far.
    runbook: str = ""
    target: str = ""
    repeats: int = 0
    # Why that runbook was stopped, where this is what points to it; and what is known of it now.
    stop: StopKind | None = None
    stopped_at: datetime | None = None
    resumed_at: datetime | None = None
    # How many further matches the open breaker withheld, as far as its owner was told.
    withheld: int = 0

    @property
    def profile(self) -> Profile:
        """What its tickets say."""
        return Profile(self.worded_by, self.wording)

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


class SolvedProblem(Value):
    """A problem that is over: what it looked like, and how it was solved, if that was said."""

    id: str
    service: str
    team: str
    ended_at: datetime
    worded_by: int
    wording: dict[int, int]
    resolution: Message | None = None

    @property
    def profile(self) -> Profile:
        """What its tickets said."""
        return Profile(self.worded_by, self.wording)


class ProblemRegister(Value):
    """What problems are found on. `rates` is packed; `recent` is what it does not count yet.

    `others` is a sample of the past: tickets with which those of a problem are compared.
    """

    rates: str = ""
    others: tuple[Report, ...] = ()
    recent: tuple[Report, ...] = ()
    latest: datetime | None = None
    signals: tuple[Evidence, ...] = ()
    problems: tuple[Problem, ...] = ()
    # Those that no ticket points to, but a fix that is needed too often, or a runbook that was
    # stopped. No ticket joins them.
    unreported: tuple[Problem, ...] = ()
    solved: tuple[SolvedProblem, ...] = ()
    # Whose signs these are, what they are compared with, and how many texts of a minute have them.
    encoder: str = ""
    centre: Centre = Centre()
    minute: datetime | None = None
    encoded: int = 0

    def find(self, problem: str) -> Problem | None:
        """The open problem of this id."""
        every = (*self.problems, *self.unreported)
        return next((item for item in every if item.id == problem), None)


def omit_members(register: ProblemRegister) -> ProblemRegister:
    """What a listing shows of it: how many there are, not who."""
    problems = tuple(
        problem.model_copy(
            update={
                "members": Members(),
                "joining": Members(),
                "removed": (),
                "wording": {},
                "places": (),
                "unlisted": problem.tickets,
                "people_count": problem.head_count,
            }
        )
        for problem in register.problems
    )
    return ProblemRegister(
        signals=register.signals, problems=problems, unreported=register.unreported
    )


class RepeatedFix(Value):
    """How often a fix of automation was reported as needed too often."""

    reports: int = 0


class StoppedRunbook(Value):
    """The newest stop of a runbook that was reported, and whether its end was, too."""

    stopped_at: datetime
    resumed_at: datetime | None = None
    withheld: int = 0
