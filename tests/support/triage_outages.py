"""Stories of problems: outages, signals, runbooks that were stopped; told with every field."""

from datetime import timedelta
from typing import Any, TypeVar

from desk_contracts import Event
from desk_contracts.envelope import Payload
from desk_contracts.events.automation import StopKind
from desk_contracts.events.trouble import RepeatedFixReported, StopReported
from desk_contracts.message import message
from desk_kernel import Decision
from desk_triage.problems.decide import end_if_quiet
from desk_triage.problems.model import REGISTER, ProblemRegister
from desk_triage.problems.owner import (
    confirm_problem,
    merge_problems,
    reject_problem,
    remove_tickets,
    resolve_problem,
    split_problem,
)
from desk_triage.problems.repeats import add_repeated
from desk_triage.problems.stops import add_stop

from tests.support.golden import describe, describe_events, number_ids
from tests.support.triage_desk import MONDAY, at
from tests.support.triage_moments import busy_snapshot
from tests.support.triage_problems import PlayedRegister, ordinary, outage, report, signal

P = TypeVar("P", bound=Payload)


_OTHER_TEXTS = ("Badge reader dead at gate", "gate: badge reader dead", "dead badge reader gate")


def _tell_problems(played: PlayedRegister) -> str:
    """What was emitted, and the register at the end without what it counts by its terms."""
    register = played.register
    assert register is not None
    parts = [describe_events(played.emitted), f"due {played.due}\n"]
    for problem in (*register.problems, *register.unreported):
        parts += ["problem\n", describe(problem, "wording", "seed")]
    parts += [describe(item, "wording") for item in register.solved]
    parts.append(f"{len(register.recent)} recent, {len(register.others)} others\n")
    return number_ids("".join(parts))


def tell_outage() -> str:
    """Proposed, joined, confirmed, parted, merged, solved; it comes back and fades."""
    played = PlayedRegister(snapshot=busy_snapshot()).play([*ordinary(), *outage(7)])
    first, desk = played.problems[0].id, played.desk
    now = MONDAY + timedelta(minutes=5)
    late = [report("late-0", "ana", 5.2, "VPN tunnel drops after login", "vpn", "access")]
    played.play([*late, *outage(3, begins=5.5, name="more")])
    played.take(remove_tickets(played.register, first, ["out-0", "late-0", "x"], now, desk))
    played.take(split_problem(played.register, first, ["out-1", "out-2"], now, desk))
    second = played.problems[1].id
    played.take(confirm_problem(played.register, second, "eva", now, desk))
    played.take(merge_problems(played.register, second, first, "ali", now, desk))
    played.play([signal(6), signal(6.5, episode="e2"), signal(7, episode="e2", is_open=False)])
    tell = _tell_problems(played)
    played.take(resolve_problem(played.register, first, "eva", "A new certificate.", now, desk))
    played.play([signal(8, is_open=False)])
    between = ordinary(40, until=180, every=4, seed=3, name="between")
    played.play([*between, *outage(6, begins=181, name="again")])
    played.take(end_if_quiet(_register(played), MONDAY + timedelta(hours=5), played.desk))
    return number_ids(tell + "--- later\n" + _tell_problems(played))


def tell_signals() -> str:
    """Confirmed by a signal at once, and solved when it is over; one of which nobody knows."""
    played = PlayedRegister().play([*ordinary(), signal(0), *outage(4, begins=1)])
    tell = _tell_problems(played)
    played.play([signal(30, is_open=False)])
    assert played.due is not None
    played.take(end_if_quiet(_register(played), played.due, played.desk))
    played.play([signal(100, episode="e5"), *outage(3, begins=101, name="next")])
    played.play([signal(130, episode="e5", is_open=False, is_unknown=True)])
    assert played.due is not None
    played.take(end_if_quiet(_register(played), played.due, played.desk))
    return number_ids(tell + "--- later\n" + _tell_problems(played))


def tell_overwhelming() -> str:
    """So many that nobody need confirm it, beside a second trouble that is none."""
    crowd = outage(30, every=0.1)
    other = outage(8, begins=40, texts=_OTHER_TEXTS, service="", name="gate")
    played = PlayedRegister().play([*ordinary(), *crowd, *other])
    gate = played.problems[-1].id
    now = MONDAY + timedelta(hours=1)
    played.take(reject_problem(played.register, gate, "eva", now, played.desk))
    return _tell_problems(played)


def tell_without_past() -> str:
    """Nearly all report the same service, and nothing is known of other days."""
    played = PlayedRegister().play(outage(9))
    played.take(
        resolve_problem(played.register, played.problems[0].id, "eva", "", MONDAY, played.desk)
    )
    return _tell_problems(played)


_STOP: dict[str, Any] = {
    "runbook": "clean-disk",
    "team": "workplace",
    "stopped_at": MONDAY,
    "targets": tuple(f"laptop-{number}" for number in range(12)),
    "target_count": 60,
    "explanation": (message("stop.ring", ring=2, size=2, failed=1, needed=2),),
}


def tell_runbooks() -> str:
    """Fixes that are needed too often, and runbooks that were stopped, go on, are stopped again."""
    played = PlayedRegister()

    def repeat(number: int, **more: object) -> None:
        fields: dict[str, Any] = {"team": "workplace", "target": "", "count": 3, **more}
        data = RepeatedFixReported(
            runbook="clean-disk", title="Free space", days=30, number=number, **fields
        )
        fix = _own(f"fix-{number}", number, data)
        _take(played, add_repeated(played.register, fix, played.desk))

    def stop(hour: float, kind: StopKind, **more: object) -> None:
        data = StopReported(title="Free space", kind=kind, **(_STOP | more))
        _take(played, add_stop(played.register, _own(f"stop-{hour}", hour, data), played.desk))

    repeat(1, why="Caches fill up.", service="laptop")
    repeat(2, count=4)
    repeat(3, target="laptop-1", team="no-such", service="vpn")
    withheld = {"withheld": 11, "withheld_at": tuple(f"pc-{number}" for number in range(11))}
    goes_on = {"team": "", "targets": (), "target_count": 0, "explanation": ()}
    stop(1, StopKind.FLEET, waiting=7)
    stop(1.5, StopKind.FLEET, waiting=7)
    stop(2, StopKind.RING, runbook="patch", team="no-such")
    stop(3, StopKind.BREAKER, waiting=1, **withheld)
    stop(4, StopKind.BREAKER, **{**withheld, "withheld": 12})
    stop(5, StopKind.BREAKER, **{**withheld, "withheld": 12})
    stop(6, StopKind.BREAKER, **goes_on, withheld=13, resumed_at=at(300))
    stop(6.5, StopKind.BREAKER, **goes_on, withheld=13, resumed_at=at(310))
    stop(7, StopKind.BREAKER, stopped_at=at(400), withheld=2)
    stop(8, StopKind.FLEET, **goes_on, resumed_at=at(420))
    stop(9, StopKind.RING, runbook="never", **goes_on, resumed_at=at(420))
    return _tell_problems(played)


def _own(id: str, hours: float, data: P) -> Event[P]:
    moment = MONDAY + timedelta(hours=hours)
    return Event(id=id, source="/desk/triage", subject=REGISTER, time=moment, data=data)


def _take(played: PlayedRegister, decision: Decision[ProblemRegister] | None) -> None:
    if decision is not None:
        played.take(decision)


def _register(played: PlayedRegister) -> ProblemRegister:
    assert played.register is not None
    return played.register
