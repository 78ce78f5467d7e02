"""What it does to a problem that one more report joins, or that it is confirmed."""

from collections.abc import Sequence
from datetime import datetime

from desk_charter.model import Charter
from desk_charter.people import Team
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
from desk_triage.problems.members import Members
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
        "members": problem.members.add(member) if has_room else problem.members,
        "joining": problem.joining.add(member),
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
    why = message("problem.overwhelming", count=len(problem.people))
    return confirm_with(problem, [why], "", report.at, "", desk)


def confirm_with(
    problem: Problem,
    reasons: Sequence[Message],
    by: str,
    at: datetime,
    cause: str,
    desk: Desk,
) -> tuple[Problem, list[AnyEvent]]:
    """The problem as a confirmed one; nothing happens to one that is confirmed already.

    Who was joining is named before, so that nobody is counted once more after it. A team that the
    charter does not have any more hands it to whoever answers for the service by now.
    """
    if problem.status is ProblemStatus.CONFIRMED:
        return problem, []
    joined = describe_update(problem, at, cause) if problem.joining else []
    owner = desk.charter.find_team(problem.team) or desk.charter.owner_of(problem.service)
    notice = write_notice(problem.service, owner, ProblemStatus.CONFIRMED, desk, by=by)
    if problem.runbook:  # nobody reported anything: what is known is what was repaired
        notice = problem.message
    update = {"status": ProblemStatus.CONFIRMED, "message": notice, "team": owner.name}
    problem = problem.model_copy(update={**update, "joining": Members()})
    return problem, [*joined, *describe_confirmation(problem, reasons, by, at, cause)]


def write_notice(
    service: str, owner: Team, status: ProblemStatus, desk: Desk, by: str = ""
) -> Message:
    """What employees are told: what is known, and what is not."""
    owned, team = desk.charter.find_service(service), owner.title
    named = {"team": team, "service": owned.title if owned else service}
    kind = 0 if status is ProblemStatus.PROPOSED else 1 if by else 2
    if service:
        notices = (
            message("problem.maybe", **named),
            message("problem.known", **named),
            message("problem.evident", **named),
        )
    else:
        notices = (
            message("problem.maybe-unnamed", team=team),
            message("problem.known-unnamed", team=team),
            message("problem.evident-unnamed", team=team),
        )
    return notices[kind]
