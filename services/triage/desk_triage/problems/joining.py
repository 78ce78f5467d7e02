"""What it does to a problem that one more report joins, or that it is confirmed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from desk_charter.model import Charter
from desk_charter.people import Team
from desk_charter.routing import ProblemClustering
from desk_contracts import AnyEvent
from desk_contracts.events.problems import ProblemStatus
from desk_contracts.message import Message, message

from desk_triage.changes.snapshot import ContextSnapshot
from desk_triage.problems.bursts import (
    LEAST_SAID,
    began,
    find_threshold,
    is_overwhelming,
    require_surprise,
    weigh_all,
)
from desk_triage.problems.counting import Counts
from desk_triage.problems.events import (
    describe_confirmation,
    describe_update,
)
from desk_triage.problems.meaning import (
    MOST_PLACES,
    Meanings,
    Placed,
    find_limit,
    measure,
    width_of,
)
from desk_triage.problems.members import Members
from desk_triage.problems.model import (
    MAX_MEMBERS,
    Problem,
    ProblemRegister,
    Report,
)
from desk_triage.problems.profile import Scales, extend
from desk_triage.problems.rates import Rates
from desk_triage.problems.window import LEAST_PEOPLE

MAX_SIGNALS = 200
# With so many members it is learned anew what weight is enough; one more or less is as good.
_STEPS = (5, 8, 12, 18, 27, 40, 60, 90, 135, 200, 400, 800, 1600)  # desk-skip: mutate see above
_LEARNS_AT = frozenset(_STEPS)


class Desk:
    """What decisions are made with: the charter, the snapshot, the counts of the last register."""

    def __init__(
        self,
        charter: Charter,
        snapshot: ContextSnapshot,
        counts: Counts,
        meanings: Meanings | None = None,
    ) -> None:
        self.charter, self.snapshot, self.counts = charter, snapshot, counts
        self.meanings = meanings

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
    is_before = report.at < tally.since
    counts = {
        "joined": tally.joined + (not is_before),
        "joined_before": tally.joined_before + is_before,
    }
    update = {
        "first_at": min(problem.first_at, report.at),
        "last_at": max(problem.last_at, report.at),
        "members": problem.members.add(member) if has_room else problem.members,
        "joining": problem.joining.add(member),
        "unlisted": problem.unlisted + (0 if has_room else 1),
        "worded_by": profile.tickets,
        "wording": dict(profile.counts),
        "tally": tally.model_copy(update=counts),
        "places": add_places(problem.places, [report]),
    }
    problem = problem.model_copy(update=update)
    if problem.status is ProblemStatus.CONFIRMED:
        return problem, []
    needed = require_surprise(tally.seen + tally.seen_before + 1, desk.rules.window)
    if not is_overwhelming(problem, rates, problem.last_at, needed):
        return problem, []
    why = message("problem.overwhelming", count=len(problem.people))
    return confirm_with(problem, [why], "", problem.last_at, "", desk)


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
    problem = problem.model_copy(update={**update, "joining": Members(), "joining_by_meaning": 0})
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


def see(register: ProblemRegister) -> ProblemRegister:
    """One more ticket that joined none of the problems."""
    if not register.problems:
        return register
    problems = tuple(
        problem.model_copy(
            update={"tally": problem.tally.model_copy(update={"seen": problem.tally.seen + 1})}
        )
        for problem in register.problems
    )
    return register.model_copy(update={"problems": problems})


def join(
    register: ProblemRegister, report: Report, rates: Rates, desk: Desk
) -> tuple[ProblemRegister, list[AnyEvent]] | None:
    """The problem that the report fits best, with it; None if it fits none."""
    open_signals = {evidence.episode for evidence in register.signals}
    best: tuple[float, Problem] | None = None
    for problem in register.problems:
        if report.at < problem.first_at - desk.rules.window or report.ticket in problem.removed:
            continue
        # While the service itself shows the trouble, less has to be said by a ticket about it.
        is_shown = report.service == problem.service and bool(open_signals & {*problem.signals})
        enough = min(problem.enough, LEAST_SAID) if is_shown else problem.enough
        weight = Scales(problem.profile, rates).weigh(report.wording) - enough
        if weight >= 0 and (best is None or weight > best[0]):
            best = (weight, problem)
    joined = best[1] if best else _find_nearest(register, report, desk)
    if joined is None:
        return None
    register = see(register)
    problem = next(item for item in register.problems if item.id == joined.id)
    problem, events = add_member(problem, report, rates, desk)
    if best is None:
        problem = _note_meaning(problem, 1)
    if problem.worded_by not in _LEARNS_AT:
        return _replace(register, problem), events
    register, more = learn(register, problem, rates, desk)
    return register, [*events, *more]


def _find_nearest(register: ProblemRegister, report: Report, desk: Desk) -> Problem | None:
    """The problem that the report means, in whatever words."""
    if not report.meaning:
        return None
    near = [
        (measure(problem.places, report.meaning) - problem.near, place, problem)
        for place, problem in enumerate(register.problems)
        if report.at >= problem.first_at - desk.rules.window
        and report.ticket not in problem.removed
    ]
    distance, _, problem = min(near, default=(1.0, 0, None))
    return problem if distance <= 0 else None


def _note_meaning(problem: Problem, more: int) -> Problem:
    if not problem.joining:
        return problem  # an event has told of them already
    number = problem.joining_by_meaning + more
    return problem.model_copy(update={"joining_by_meaning": number})


def add_places(places: tuple[Placed, ...], reports: Sequence[Report]) -> tuple[Placed, ...]:
    """With those of these reports, as far as there is room."""
    more = [Placed(ticket=item.ticket, meaning=item.meaning) for item in reports if item.meaning]
    return (*places, *more)[:MOST_PLACES]


def list_before(problem: Problem, register: ProblemRegister, desk: Desk) -> list[Report]:
    """Tickets from before the trouble."""
    since = began(problem.first_at, desk.rules.window)
    return [*register.others, *(report for report in register.recent if report.at < since)]


def measure_all(problem: Problem, reports: Iterable[Report]) -> list[float]:
    """By how many signs those that have any differ, the nearest first."""
    return sorted(measure(problem.places, item.meaning) for item in reports if item.meaning)


def learn_near(problem: Problem, register: ProblemRegister, share: float, desk: Desk) -> Problem:
    """What distance is near enough, as far as it is known by now."""
    if len(problem.places) < LEAST_PEOPLE:
        return problem
    distances = measure_all(problem, list_before(problem, register, desk))
    return problem.model_copy(
        update={"near": find_limit(distances, share, width_of(register.centre))}
    )


def learn(
    register: ProblemRegister, problem: Problem, rates: Rates, desk: Desk
) -> tuple[ProblemRegister, list[AnyEvent]]:
    """What weight is enough, as far as it is known by now; and who fits by what is known by now.

    When a problem opens little is known of what its tickets say, so some came too early for it.
    """
    tally = problem.tally
    share = (tally.joined + tally.joined_before) / max(1, tally.seen + tally.seen_before)
    scales, since = Scales(problem.profile, rates), began(problem.first_at, desk.rules.window)
    enough = find_threshold(weigh_all(scales, list_before(problem, register, desk)), share)
    problem = problem.model_copy(update={"enough": enough})
    problem = learn_near(problem, register, share, desk)
    by_words = {
        report.ticket: scales.weigh(report.wording) >= enough
        for report in register.recent
        if report.at >= since and report.ticket not in problem.removed
    }
    meant = {
        report.ticket
        for report in register.recent
        if not by_words.get(report.ticket, True)
        and measure(problem.places, report.meaning) <= problem.near
    }
    fitting = [
        item for item in register.recent if by_words.get(item.ticket) or item.ticket in meant
    ]
    events = list[AnyEvent]()
    for report in fitting:
        problem, more = add_member(problem, report, rates, desk)
        events += more
    if meant:
        problem = _note_meaning(problem, len(meant))
    if fitting:
        taken = {report.ticket for report in fitting}
        left = tuple(report for report in register.recent if report.ticket not in taken)
        register = register.model_copy(update={"recent": left})
    return _replace(register, problem), events


def _replace(register: ProblemRegister, problem: Problem) -> ProblemRegister:
    problems = tuple(problem if item.id == problem.id else item for item in register.problems)
    return register.model_copy(update={"problems": problems})
