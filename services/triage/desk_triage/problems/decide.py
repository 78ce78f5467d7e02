"""When unusual reports are one problem, what joins it, and when it is over.

Event time throughout. Guaranteed: a ticket that joins is listed in exactly one event, and each
problem is detected once and resolved once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from desk_charter.routing import ProblemClustering
from desk_contracts import AnyEvent, Event
from desk_contracts.events.problems import ProblemEnd
from desk_contracts.events.trouble import EvidenceChanged, TroubleReported
from desk_contracts.message import Message, message
from desk_kernel import Decision

from desk_triage.problems.bursts import (
    count_report,
    is_ordinary,
    keys_of,
    require_surprise,
)
from desk_triage.problems.events import (
    Ending,
    describe_resolution,
    describe_update,
)
from desk_triage.problems.joining import (
    MAX_SIGNALS,
    Desk,
    confirm_with,
    join,
    learn,
    list_before,
    see,
)
from desk_triage.problems.meaning import (
    LEARNED_FROM,
    MOST_A_MINUTE,
    Centre,
    add_to,
    measure,
    place,
)
from desk_triage.problems.members import Members
from desk_triage.problems.model import (
    Evidence,
    Problem,
    ProblemRegister,
    Report,
    SolvedProblem,
    Tally,
)
from desk_triage.problems.opening import MAX_PROBLEMS, detect, may_need_no_count
from desk_triage.problems.profile import Scales
from desk_triage.problems.rates import hour_of_week, unpack
from desk_triage.problems.terms import number_key, number_terms
from desk_triage.problems.window import MAX_REPORTS

# So many tickets of the past are kept to compare with.
MAX_OTHERS = 1_000
MAX_SOLVED = 200
# So many of its signals are named at its end.
MAX_CLEARED = 20
# Past reports are counted in when so many are old, or fewer where little is known of the past.
COUNT_AT, COUNT_LEAST = 200, 10


def add_report(
    register: ProblemRegister | None, event: Event[TroubleReported], desk: Desk
) -> Decision[ProblemRegister]:
    """What follows from one more report; that it joins is for `emit_joined` to emit."""
    register, report = _read_report(register or ProblemRegister(), event.data, desk)
    latest = report.counted_at
    register, events = _end_past(register, report.at, desk)
    rates = unpack(register.rates)
    joined = join(register, report, rates, desk)
    if joined is not None:
        register, more = joined
        return _decide(register, desk, [*events, *more])
    register = see(register)
    if report.at < latest - 2 * desk.rules.window:
        return _decide(register, desk, events)  # from long ago: none of what is recent
    window = desk.counts.take(register.recent, desk.rules.window)
    report = report.model_copy(update={"is_repeated": window.has(report.person)})
    counted = count_report(report)
    window.add(counted)
    recent = (*register.recent, report)
    needed = require_surprise(window.tickets, desk.rules.window)
    bursts = list(window.find_bursts(counted, rates, needed))
    register = register.model_copy(update={"recent": recent, "latest": latest})
    desk.counts.keep(recent, desk.rules.window, window)
    share = window.limit_share(number_key("service", report.service), len(recent))
    if bursts or may_need_no_count(register, share):
        register, more = detect(register, bursts, report, event.id, desk)
        events += more
    register = _count_past(register, desk)
    return _decide(register, desk, events)


def emit_joined(
    decision: Decision[ProblemRegister], at: datetime, desk: Desk, cause: str = ""
) -> Decision[ProblemRegister]:
    """The same, with an event about all who joined since the last time: one for many."""
    register, events = decision.state, list(decision.events)
    if not any(problem.joining for problem in register.problems):
        return decision
    problems = list[Problem]()
    for problem in register.problems:
        if problem.joining:
            events += describe_update(problem, at, cause)
        emitted = {"joining": Members(), "joining_by_meaning": 0}
        problems.append(problem.model_copy(update=emitted))
    return _decide(register.model_copy(update={"problems": tuple(problems)}), desk, events)


def add_signal(
    register: ProblemRegister | None, event: Event[EvidenceChanged], desk: Desk
) -> Decision[ProblemRegister] | None:
    """A signal of a service itself is evidence that its reports have one cause."""
    register, data = register or ProblemRegister(), event.data
    if any(evidence.episode == data.episode for evidence in register.signals):
        return None
    evidence = Evidence(episode=data.episode, service=data.service, title=data.title)
    given_way = {item.episode for item in register.signals[: 1 - MAX_SIGNALS]}
    register = register.model_copy(update={"signals": (*register.signals, evidence)[-MAX_SIGNALS:]})
    events = list[AnyEvent]()
    problems = list[Problem]()
    for item in register.problems:
        is_lost = item.has_lost_signals or not given_way.isdisjoint(item.signals)
        problem = item.model_copy(update={"has_lost_signals": is_lost})
        if problem.service == data.service:
            marked = problem.model_copy(
                update={"signals": (*problem.signals, data.episode)[-MAX_SIGNALS:]}
            )
            shown = message("problem.signal", title=data.title)
            confirmed, more = confirm_with(marked, [shown], "", event.time, event.id, desk)
            problems.append(confirmed)
            events += more
        else:
            problems.append(problem)
    register = register.model_copy(update={"problems": tuple(problems)})
    if not events and register.recent and not any(p.service == data.service for p in problems):
        register, events = detect(register, [], register.recent[-1], event.id, desk, event.time)
    return _decide(register, desk, events)


def remove_signal(
    register: ProblemRegister | None, event: Event[EvidenceChanged], desk: Desk
) -> Decision[ProblemRegister] | None:
    """A signal is open no longer: if it was the last of its service, the quiet time begins.

    Of one that nobody watches any more it is not known whether it is over: what is left shows
    no solution.
    """
    if register is None:
        return None
    left = tuple(kept for kept in register.signals if kept.episode != event.data.episode)
    if len(left) == len(register.signals):
        return None
    problems = tuple(
        problem.model_copy(
            update={
                "tally": Tally(since=max(event.time, problem.tally.since)),
                "has_lost_signals": problem.has_lost_signals or event.data.is_unknown,
            }
        )
        if event.data.episode in problem.signals
        else problem
        for problem in register.problems
    )
    return _decide(register.model_copy(update={"signals": left, "problems": problems}), desk)


def end_if_quiet(register: ProblemRegister, now: datetime, desk: Desk) -> Decision[ProblemRegister]:
    """Ends the problems whose reports are as usual again."""
    register, events = _end_past(register, now, desk)
    return emit_joined(_decide(register, desk, events), now, desk)


def ends_at(
    problem: Problem, register: ProblemRegister, rules: ProblemClustering
) -> datetime | None:
    """When it is looked at next whether it is over; not while a signal of it is open.

    Of a fix that is needed too often, or stopped, a person says so: that it was not needed, or goes
    on, is no cure.
    """
    open_signals = {evidence.episode for evidence in register.signals}
    if problem.runbook or open_signals & set(problem.signals):
        return None
    return problem.tally.since + rules.quiet


def confirm(
    problem: Problem, reasons: Sequence[Message], by: str, at: datetime, desk: Desk
) -> tuple[Problem, list[AnyEvent]]:
    """A proposed problem is one, as a member says."""
    return confirm_with(problem, reasons, by, at, "", desk)


def close(
    register: ProblemRegister,
    problem: Problem,
    at: datetime,
    ending: Ending,
) -> tuple[ProblemRegister, list[AnyEvent]]:
    """Ends one problem; how it was solved is remembered for when it comes back."""
    events = describe_update(problem, at) if problem.joining else []
    events += describe_resolution(problem, at, ending)
    solved = SolvedProblem(
        id=problem.id,
        service=problem.service,
        team=problem.team,
        ended_at=at,
        worded_by=problem.worded_by,
        wording=problem.wording,
        resolution=ending.why if ending.how is ProblemEnd.SOLVED else None,
    )
    closed = {
        "problems": tuple(item for item in register.problems if item.id != problem.id),
        "unreported": tuple(item for item in register.unreported if item.id != problem.id),
        "solved": (*register.solved, solved)[-MAX_SOLVED:],
    }
    return register.model_copy(update=closed), events


def decide_register(
    register: ProblemRegister, desk: Desk, events: Iterable[AnyEvent] = ()
) -> Decision[ProblemRegister]:
    """A decision, due when a problem is to be looked at next."""
    return _decide(register, desk, events)


def _decide(
    register: ProblemRegister, desk: Desk, events: Iterable[AnyEvent] = ()
) -> Decision[ProblemRegister]:
    ends = (ends_at(problem, register, desk.rules) for problem in register.problems)
    return Decision(register, tuple(events), min((end for end in ends if end), default=None))


def _end_past(
    register: ProblemRegister, now: datetime, desk: Desk
) -> tuple[ProblemRegister, list[AnyEvent]]:
    """Ends what was quiet before now, and begins a new quiet time for what was not."""
    events = list[AnyEvent]()
    rates = unpack(register.rates)
    for problem in register.problems:
        end = ends_at(problem, register, desk.rules)
        if end is None or now < end:
            continue
        before = list_before(problem, register, desk)
        scales = Scales(problem.profile, rates)
        by_chance = sum(
            scales.weigh(item.wording) >= problem.enough
            or measure(problem.places, item.meaning) <= problem.near
            for item in before
        )
        if is_ordinary(problem, by_chance, len(before)):
            is_solved = bool(problem.signals) and not problem.has_lost_signals
            why = (
                message("problem.quiet", since=problem.last_at)
                if is_solved
                else message("problem.faded", since=problem.last_at)
            )
            cleared = problem.signals[-MAX_CLEARED:] if is_solved else ()
            how = ProblemEnd.SOLVED if is_solved else ProblemEnd.FADED
            register, more = close(register, problem, end, Ending(how, why, cleared))
            events += more
        else:
            tally = problem.tally
            again = Tally(since=end, joined_before=tally.joined, seen_before=tally.seen)
            later = problem.model_copy(update={"tally": again})
            problems = tuple(later if item.id == problem.id else item for item in register.problems)
            register = register.model_copy(update={"problems": problems})
            register, joined = learn(register, later, rates, desk)
            register, more = _end_past(register, now, desk)
            return register, [*events, *joined, *more]
    return register, events


def _read_report(
    register: ProblemRegister, data: TroubleReported, desk: Desk
) -> tuple[ProblemRegister, Report]:
    latest = max(register.latest or data.reported_at, data.reported_at)
    register, meaning = _read_meaning(register, data.words, latest, desk)
    report = Report(
        ticket=data.ticket,
        person=data.person,
        at=data.reported_at,
        service=data.service,
        category=data.category,
        words=data.words,
        counted_at=latest,
        meaning=meaning,
    )
    return register, report


def _read_meaning(
    register: ProblemRegister, words: Sequence[str], latest: datetime, desk: Desk
) -> tuple[ProblemRegister, str]:
    """What a report means, in signs; nothing until it is known what is ordinary, or beyond what is
    encoded in a minute.

    Signs of two encoders cannot be compared: with another one all begins anew.
    """
    meanings = desk.meanings
    name = meanings.name if meanings else ""
    if name != register.encoder:
        register = _forget_meanings(register, name)
    if meanings is None or not words:
        return register, ""
    minute = latest.replace(second=0, microsecond=0)
    encoded = register.encoded if minute == register.minute else 0
    if encoded >= MOST_A_MINUTE:
        return register, ""
    vector = meanings.encode(tuple(words))
    register = register.model_copy(update={"minute": minute, "encoded": encoded + 1})
    if register.centre.tickets >= LEARNED_FROM:
        return register, place(register.centre, vector)
    return register.model_copy(update={"centre": add_to(register.centre, vector)}), ""


def _forget_meanings(register: ProblemRegister, encoder: str) -> ProblemRegister:
    unplaced = {"places": (), "near": -1.0}
    forgotten = {
        "encoder": encoder,
        "centre": Centre(),
        "others": tuple(item.model_copy(update={"meaning": ""}) for item in register.others),
        "recent": tuple(item.model_copy(update={"meaning": ""}) for item in register.recent),
        "problems": tuple(item.model_copy(update=unplaced) for item in register.problems),
    }
    return register.model_copy(update=forgotten)


def _count_past(register: ProblemRegister, desk: Desk) -> ProblemRegister:
    """Counts what is older than the window as past, some at a time."""
    recent = register.recent
    if register.latest is None:
        return register
    start = register.latest - desk.rules.window
    old = 0
    while old < len(recent) and (recent[old].at < start or old < len(recent) - MAX_REPORTS):
        old += 1
    rates = unpack(register.rates)
    if old < min(COUNT_AT, max(COUNT_LEAST, rates.tickets / 20)):
        return register
    counted = [
        (number_terms(*item.wording), keys_of(item), hour_of_week(item.at)) for item in recent[:old]
    ]
    left = recent[old:]
    window = desk.counts.take(recent, desk.rules.window)
    desk.counts.keep(left, desk.rules.window, window)
    others = (*register.others, *_find_calm(register, recent[:old], desk.rules))[-MAX_OTHERS:]
    update = {"recent": left, "rates": rates.count_in(counted).pack(), "others": others}
    return register.model_copy(update=update)


def _find_calm(
    register: ProblemRegister, old: Sequence[Report], rules: ProblemClustering
) -> Sequence[Report]:
    """Those from a time without trouble.

    Others may report it in words that nobody knew as its own, and would then raise what is enough
    for the next one.
    """
    if register.problems:
        return ()
    if not register.solved:
        return old
    calm = max(item.ended_at for item in register.solved[-MAX_PROBLEMS:]) + rules.window
    return [item for item in old if item.at >= calm]
