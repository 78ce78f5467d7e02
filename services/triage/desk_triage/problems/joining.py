"""What it does to a problem that one more report joins, or that it is confirmed."""

from collections.abc import Sequence
from datetime import datetime

from desk_charter.model import Charter
from desk_charter.routing import ProblemClustering
from desk_contracts import AnyEvent
from desk_contracts.events.problems import ProblemStatus
from desk_contracts.message import Message, message

from desk_triage.changes.snapshot import ContextSnapshot
from desk_triage.problems.bursts import (
    is_overwhelming,
    require_surprise,
)
from desk_triage.problems.counting import Counts
from desk_triage.problems.events import (
    describe_confirmation,
    describe_update,
)
from desk_triage.problems.model import (
    MAX_MEMBERS,
    Problem,
    Report,
)
from desk_triage.problems.profile import extend
from desk_triage.problems.rates import Rates

MAX_SIGNALS = 200


class Desk:
    """What decisions are made with: the charter, the snapshot, the counts of the last register."""

    def __init__(self, charter: Charter, snapshot: ContextSnapshot, counts: Counts) -> None:
        self.charter, self.snapshot, self.counts = charter, snapshot, counts

    @property
    def rules(self) -> ProblemClustering:
        """What the charter says of problems."""
        return self.charter.routing.problems


def add_member(
    problem: Problem, report: Report, rates: Rates, desk: Desk
) -> tuple[Problem, list[AnyEvent]]:
    """The problem with one report more; so many that chance is out of the question confirm it."""
    member = (report.ticket, report.person)
    has_room = len(problem.members) < MAX_MEMBERS
    profile = extend(problem.profile, report.wording)
    tally = problem.tally
    update = {
        "first_at": min(problem.first_at, report.at),
        "last_at": max(problem.last_at, report.at),
        "members": (*problem.members, member) if has_room else problem.members,
        "joining": (*problem.joining, member),
        "unlisted": problem.unlisted + (0 if has_room else 1),
        "worded_by": profile.tickets,
        "wording": dict(profile.counts),
        "tally": tally.model_copy(update={"joined": tally.joined + 1}),
    }
    problem = problem.model_copy(update=update)
    if problem.status is ProblemStatus.CONFIRMED:
        return problem, []
    needed = require_surprise(tally.seen + tally.seen_before + 1, desk.rules.window)
    if not is_overwhelming(problem, rates, report.at, needed):
        return problem, []
    events = describe_update(problem, report.at)
    problem = problem.model_copy(update={"joining": ()})
    why = message("problem.overwhelming", count=len(problem.people))
    problem, more = confirm_with(problem, [why], "", report.at, "", desk)
    return problem, [*events, *more]


def confirm_with(
    problem: Problem,
    reasons: Sequence[Message],
    by: str,
    at: datetime,
    cause: str,
    desk: Desk,
) -> tuple[Problem, list[AnyEvent]]:
    """The problem as a confirmed one; nothing happens to one that is confirmed already."""
    if problem.status is ProblemStatus.CONFIRMED:
        return problem, []
    notice = write_notice(problem.service, problem.team, ProblemStatus.CONFIRMED, desk, by=by)
    update = {"status": ProblemStatus.CONFIRMED, "message": notice}
    problem = problem.model_copy(update=update)
    return problem, describe_confirmation(problem, reasons, by, at, cause)


def write_notice(
    service: str, team: str, status: ProblemStatus, desk: Desk, by: str = ""
) -> Message:
    """What employees are told: what is known, and what is not."""
    owned, owner = desk.charter.find_service(service), desk.charter.team(team).title
    named = {"team": owner, "service": owned.title if owned else service}
    kind = 0 if status is ProblemStatus.PROPOSED else 1 if by else 2
    if service:
        notices = (
            message("problem.maybe", **named),
            message("problem.known", **named),
            message("problem.evident", **named),
        )
    else:
        notices = (
            message("problem.maybe-unnamed", team=owner),
            message("problem.known-unnamed", team=owner),
            message("problem.evident-unnamed", team=owner),
        )
    return notices[kind]
