"""What intake reads from the bus beside tickets, on fakes."""

from datetime import timedelta
from typing import cast

from desk_intake.before.joined import JoinedProblem
from desk_intake.before.model import PersonContacts
from desk_intake.before.store import JOINED, follow_joined
from desk_intake.demands.api import DemandDeps
from desk_intake.demands.model import Demand
from desk_intake.demands.store import DEMANDS, demands_projection
from desk_intake.feedback.api import FeedbackDeps
from desk_intake.status.api import StatusDeps
from desk_intake.status.changes import KnownChange
from desk_intake.status.model import KnownProblem
from desk_intake.status.store import (
    CHANGES,
    VERDICTS,
    changes_projection,
    problems_projection,
    verdicts_projection,
)
from desk_intake.status.verdicts import DayVerdicts
from desk_intake.surveys.api import SurveyDeps
from desk_intake.surveys.model import FollowUp, InvitedPerson, Sampling
from desk_intake.surveys.store import (
    FOLLOW_UPS,
    INVITED,
    follow_ups_projection,
    invitations_projection,
    signer,
)
from desk_intake.tickets.sla import TicketSla
from desk_intake.tickets.store import slas_projection
from desk_platform.clock import FakeClock
from desk_platform.kafka import CommandQueue, UnitOfWork
from desk_platform.telemetry import Meters
from desk_testing.fakes import FakeDocuments, FakePublisher

# Everybody is asked, but nobody twice in a month.
SAMPLING = Sampling(1.0, timedelta(days=30))

Others = tuple[
    UnitOfWork[KnownProblem],
    UnitOfWork[TicketSla],
    UnitOfWork[InvitedPerson],
    UnitOfWork[FollowUp],
    UnitOfWork[Demand],
    UnitOfWork[KnownChange],
    UnitOfWork[DayVerdicts],
    UnitOfWork[JoinedProblem],
    UnitOfWork[PersonContacts],
]


def make_others(
    feedback: FeedbackDeps,
    views: tuple[FakeDocuments[KnownProblem], FakeDocuments[TicketSla]],
    contacts: UnitOfWork[PersonContacts],
    publisher: FakePublisher,
    meters: Meters,
) -> tuple[Others, SurveyDeps, DemandDeps, StatusDeps]:
    """What is fed by the bus beside tickets, and answers from it."""
    (problems, slas), deps = views, feedback.tickets
    clock = cast("FakeClock", deps.clock)
    owed = FakeDocuments(FOLLOW_UPS, clock)
    changes, verdicts = FakeDocuments(CHANGES, clock), FakeDocuments(VERDICTS, clock)
    invitations = invitations_projection(
        FakeDocuments(INVITED, clock), SAMPLING, signer(deps.cursors)
    )
    follow_ups = UnitOfWork(follow_ups_projection(owed), publisher, clock, meters, cached=0)
    demands_kept = FakeDocuments(DEMANDS, clock)
    votes = UnitOfWork(demands_projection(demands_kept), publisher, clock, meters, cached=0)
    joined = FakeDocuments(JOINED, clock)
    others: Others = (
        UnitOfWork(problems_projection(problems), publisher, clock, meters),
        UnitOfWork(slas_projection(slas), publisher, clock, meters),
        UnitOfWork(invitations, publisher, clock, meters),
        follow_ups,
        votes,
        UnitOfWork(changes_projection(changes), publisher, clock, meters),
        UnitOfWork(verdicts_projection(verdicts), publisher, clock, meters, cached=0),
        UnitOfWork(follow_joined(joined), publisher, clock, meters, cached=0),
        contacts,
    )
    surveys = SurveyDeps(feedback, owed, CommandQueue(follow_ups))
    status = StatusDeps(problems, changes, verdicts, deps.pasts, deps.charter, clock)
    return others, surveys, DemandDeps(deps, demands_kept, CommandQueue(votes)), status
