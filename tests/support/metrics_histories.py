"""Random lives of tickets under random policies, on a grid of minutes or of seconds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import get_args

from desk_charter.calendars import Closure, SpecialDay, Week, Window, YearlyClosure
from desk_charter.dated_calendars import ROUND_THE_CLOCK, DatedCalendar
from desk_charter.slas import OnChange, OnReopen, SlaCondition, SlaPolicy
from desk_contracts.envelope import AnyEvent, Event, Payload
from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import (
    Channel,
    How,
    Kind,
    Role,
    TicketAssigned,
    TicketClosed,
    TicketCommented,
    TicketMerged,
    TicketOpened,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketTriaged,
    TicketUpdated,
    WaitingFor,
)
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_metrics.sla.policies import Edition, PolicyBook
from desk_metrics.sla.worktime import WorkingTime

TICKET = "ticket-1"
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
WARNINGS = ((), (50,), (75,), (25, 50, 75), (5, 95))


def _weekdays(*windows: tuple[str, str]) -> Week:
    day = tuple(Window(opens=opens, closes=closes) for opens, closes in windows)
    return Week(mon=day, tue=day, wed=day, thu=day, fri=day)


# No window begins or ends in an hour that a zone skips or repeats: there a wall clock that is
# read step by step and a window that is read by its ends may differ, and both are defensible.
_CALENDARS = (
    DatedCalendar(
        name="office",
        title="office",
        zone="Europe/Berlin",
        week=_weekdays(("09:00", "17:00")),
        holiday_dates={date(2026, 12, 25): "Christmas Day", date(2027, 1, 1): "New Year's Day"},
        closures=(Closure(name="stocktaking", first=date(2026, 11, 24), last=date(2026, 11, 24)),),
    ),
    DatedCalendar(
        name="split",
        title="split",
        zone="Europe/Berlin",
        week=_weekdays(("08:00", "12:00"), ("13:30", "18:00")),
        special_days=(
            SpecialDay(
                name="Christmas Eve",
                day=date(2026, 12, 24),
                hours=(Window(opens="10:00", closes="11:00"),),
            ),
        ),
    ),
    DatedCalendar(
        name="nights", title="nights", zone="Europe/Berlin", week=_weekdays(("22:00", "06:00"))
    ),
    DatedCalendar(
        name="new-york",
        title="new-york",
        zone="America/New_York",
        week=_weekdays(("09:00", "17:00")),
    ),
    DatedCalendar(name="always", title="always", zone="Europe/Berlin", week=ROUND_THE_CLOCK),
    DatedCalendar(
        name="odd",
        title="odd",
        zone="Asia/Kathmandu",
        week=Week(
            sat=(Window(opens="00:00", closes="24:00"),),
            sun=(Window(opens="20:15", closes="03:45"),),
            tue=(Window(opens="07:00", closes="11:00"), Window(opens="10:00", closes="13:00")),
        ),
    ),
)

_SHORT = (Window(opens="08:00", closes="12:00"),)
CALENDARS: tuple[DatedCalendar, ...] = (
    *_CALENDARS,
    # A special day goes before a holiday and a yearly closure; two fall on changes of the clock.
    DatedCalendar(
        name="seasons",
        title="seasons",
        zone="Europe/Berlin",
        week=_weekdays(("08:00", "18:00")),
        holiday_dates={date(2026, 12, 25): "Christmas Day", date(2027, 1, 1): "New Year's Day"},
        yearly_closures=(YearlyClosure(name="winter", first="12-24", last="01-03"),),
        special_days=(
            SpecialDay(name="Christmas Eve", day=date(2026, 12, 24), hours=_SHORT),
            SpecialDay(name="inventory", day=date(2027, 1, 1), hours=_SHORT),
            SpecialDay(name="worked", day=date(2026, 11, 21), hours=_SHORT),
            SpecialDay(name="closed", day=date(2026, 11, 23), hours=()),
            SpecialDay(
                name="move",
                day=date(2026, 3, 29),
                hours=(Window(opens="00:00", closes="24:00"),),
            ),
            SpecialDay(
                name="move again",
                day=date(2026, 10, 24),
                hours=(Window(opens="22:00", closes="06:00"),),
            ),
        ),
    ),
)

# Warm over all histories: what a calendar says does not depend on who asked before.
_HOURS = {calendar.name: WorkingTime(calendar) for calendar in CALENDARS}

# Each with something near by: a weekend, a clock change, a closure, holidays, New Year.
BEGINNINGS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2026-11-23 07:40",
        "2026-11-20 15:10",
        "2026-11-24 22:50",
        "2026-03-28 22:10",
        "2026-03-29 00:40",
        "2026-10-24 23:10",
        "2026-10-25 00:20",
        "2026-11-01 04:30",
        "2026-12-24 08:50",
        "2026-12-31 22:10",
    )
)


@dataclass(frozen=True)
class History:
    """A ticket's events, in order of sequence, and which policies held when."""

    unit: timedelta
    events: tuple[AnyEvent, ...]
    editions: tuple[Edition, ...]
    now: datetime

    @property
    def book(self) -> PolicyBook:
        return PolicyBook(self.editions, lambda calendar: _HOURS[calendar.name])


def history(random: Random, *, in_order: bool = False, steps: int = 1200) -> History:
    """One random history; `in_order` if time and sequence agree, as they mostly do."""
    unit = timedelta(seconds=random.choice((60, 60, 60, 1)))
    length = random.randint(20, steps)
    opened = random.choice(BEGINNINGS) + random.randint(0, 300) * unit
    payloads = [_payload(random) for _ in range(random.randint(0, 18))]
    moments = [random.randint(-5, length) for _ in payloads]
    if random.random() < 0.3:  # several things at once
        moments = [moment - moment % (length // 3 + 1) for moment in moments]
    if in_order or random.random() < 0.7:
        moments.sort()
    if in_order:
        moments = [max(0, moment) for moment in moments]
    times = [opened, *(opened + moment * unit for moment in moments)]
    events = tuple(
        Event(f"event-{n}", "/desk/intake", TICKET, at, data, n)
        for n, (at, data) in enumerate(zip(times, [_opening(random), *payloads], strict=True), 1)
    )
    since = opened + random.randint(1, length) * unit
    if random.random() < 0.3:  # just as something happens
        since = max(opened + unit, random.choice(times))
    editions = _editions(random, since, length, unit)
    return History(unit, events, editions, opened + length * unit)


def _opening(random: Random) -> Payload:
    return TicketOpened(
        code="K7M2-Q9PG",
        kind=random.choice((Kind.INCIDENT, Kind.REQUEST)),
        title="No mail",
        requester="ada",
        channel=Channel.PORTAL,
        service=random.choice(("", "mail")),
        group=random.choice(("", "board")),
    )


def _priority(random: Random) -> Priority:
    return random.choice((Priority.P1, Priority.P2))


def _note(random: Random) -> Payload:
    return TicketCommented(
        by="somebody",
        role=random.choice((*Role, Role.MEMBER, Role.EMPLOYEE)),
        text="...",
        public=random.random() < 0.85,
        automatic=random.random() < 0.1,
    )


def _resolution(random: Random) -> Payload:
    how = random.choice((How.MEMBER, How.MEMBER, How.AUTOMATION, How.WITHDRAWN))
    return TicketResolved(by="bo", how=how, resolution=verbatim("done"))


def _update(random: Random) -> Payload:
    service = random.choice((None, "", "mail"))
    return TicketUpdated(
        by="bo", priority=random.choice((None, _priority(random))), service=service
    )


_PAYLOADS: tuple[tuple[int, Callable[[Random], Payload]], ...] = (
    (12, _note),
    (6, lambda random: TicketPaused(waiting_for=random.choice(tuple(WaitingFor)), by="bo")),
    (7, lambda _: TicketResumed(by="bo")),
    (3, lambda random: TicketTriaged(category="mail", priority=_priority(random))),
    (3, _update),
    (6, lambda random: TicketAssigned(team=random.choice(("desk", "network", "")))),
    (4, _resolution),
    (5, lambda random: TicketReopened(by=random.choice(("ada", "bo")), reason="not done")),
    (1, lambda _: TicketClosed(by="bo")),
    (1, lambda _: TicketMerged(into="ticket-2", by="bo")),
)


def _payload(random: Random) -> Payload:
    weights = [weight for weight, _ in _PAYLOADS]
    return random.choices([make for _, make in _PAYLOADS], weights)[0](random)


def _policy(random: Random, clock: ClockName, name: str, length: int, unit: timedelta) -> SlaPolicy:
    """A target of a multiple of 20 steps, so that thresholds fall on the grid too."""
    return SlaPolicy(
        name=name.replace("_", "-"),
        title=name,
        clock=clock,
        default=True,
        target=20 * random.randint(1, max(1, length // 40)) * unit,
        calendar=random.choice(CALENDARS).name,
        warn_at=random.choice(WARNINGS),
        pause_on=tuple(reason for reason in WaitingFor if random.random() < 0.7),
        on_change=random.choice(get_args(OnChange)),
        on_reopen=random.choice(get_args(OnReopen)),
    )


_SPECIAL = (
    {"priorities": ("P1",)},
    {"teams": ("network",)},
    {"services": ("mail",), "kinds": ("incident",)},
    {"groups": ("board",), "priorities": ("P1", "P2")},
)


def _policies(random: Random, length: int, unit: timedelta) -> tuple[SlaPolicy, ...]:
    policies = []
    for clock in random.sample(tuple(ClockName), random.randint(1, len(ClockName))):
        special = _policy(random, clock, f"{clock}-special", length, unit)
        when = SlaCondition.model_validate(random.choice(_SPECIAL))
        policies.append(special.model_copy(update={"default": False, "when": when}))
        policies.append(_policy(random, clock, f"{clock}-default", length, unit))
    return tuple(policies)


def _editions(random: Random, since: datetime, length: int, unit: timedelta) -> tuple[Edition, ...]:
    """One edition; of four histories, one with a second one in the middle."""
    policies = _policies(random, length, unit)
    sorting = random.randint(1, length) * unit if random.random() < 0.3 else timedelta(0)
    first = Edition(
        version="v1", since=BEGINNING, policies=policies, calendars=CALENDARS, sorting=sorting
    )
    editions = [first]
    if random.random() < 0.25:
        changed = tuple(_amended(random, policy, unit) for policy in policies)
        if random.random() < 0.2:
            changed = ()
        editions.append(Edition(version="v2", since=since, policies=changed, calendars=CALENDARS))
    return tuple(editions)


def _amended(random: Random, policy: SlaPolicy, unit: timedelta) -> SlaPolicy:
    """The same, or on another calendar, or with another target."""
    change: dict[str, object] = {}
    match random.randrange(3):
        case 1:
            change = {"calendar": "always"}
        case 2:
            change = {"target": 20 * unit, "warn_at": ()}
    return policy.model_copy(update=change)
