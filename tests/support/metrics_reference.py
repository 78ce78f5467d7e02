"""A second reckoning of SLAs, deliberately simple: it walks a wall clock step by step.

It shares the data classes with the real one and no arithmetic: no intervals, no bisection, no
facts kept by sequence. Every instant of a history lies on a grid of `unit` from its opening.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from desk_charter.dated_calendars import DatedCalendar
from desk_charter.slas import SlaPolicy
from desk_contracts.envelope import AnyEvent
from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import (
    How,
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
)
from desk_metrics.sla.policies import Edition

from tests.support.metrics_transitions import Debt, Label, Owed, SlaTransition, Vow
from tests.support.metrics_walls import Walls

RESPONSE, NEXT, UPDATE = ClockName.RESPONSE, ClockName.NEXT_RESPONSE, ClockName.UPDATE
RESOLUTION, OWNERSHIP = ClockName.RESOLUTION, ClockName.OWNERSHIP


@lru_cache(maxsize=64)
def _walls(text: str) -> Walls:
    return Walls(DatedCalendar.model_validate_json(text))


class Reference:
    """Walks one history. Read `vows` and `said` afterwards."""

    def __init__(
        self,
        events: Sequence[AnyEvent],
        editions: Sequence[Edition],
        unit: timedelta,
        sorted_as: "dict[Owed, dict[str, str]] | None" = None,
    ) -> None:
        opening = next(event for event in events if isinstance(event.data, TicketOpened))
        assert isinstance(opening.data, TicketOpened)
        self.opened, self.unit, self.requester = opening.time, unit, opening.data.requester
        self.by_time: dict[datetime, list[AnyEvent]] = {}
        for event in sorted(events, key=lambda item: item.sequence or 0):
            if event is not opening:
                self.by_time.setdefault(max(event.time, self.opened), []).append(event)
        self.editions = sorted(editions, key=lambda item: item.since)
        data = opening.data
        self.has = {"kind": str(data.kind), "priority": "", "team": ""}
        self.has |= {"service": data.service, "group": data.group}
        self.waiting, self.is_resting, self.is_merged = "", False, False
        self.has_responded = False
        self.debts: list[Debt] = []
        self.vows: list[Vow] = []
        self.live: list[Vow] = []
        self.transitions: list[SlaTransition] = []
        self.labels: list[Label] = []
        self.cycles: dict[tuple[ClockName, str], int] = {}
        self.now = self.opened
        self.is_given = False
        # What the ticket became while it was being sorted, for each debt; known from a walk before.
        self.sorted_as = sorted_as or {}
        self.became: dict[Owed, dict[str, str]] = {}

    def replay(self, until: datetime) -> None:
        self.owe(RESPONSE)
        self.owe(RESOLUTION)
        turns = {edition.since for edition in self.editions[1:]}
        while self.now <= until:
            self.look_at_the_clocks()
            if self.now in turns:
                self.choose_again()
            for event in self.by_time.get(self.now, ()):
                if not self.is_merged:
                    self.happen(event)
                    self.choose_again()
                    self.notice_holds()
                    if isinstance(event.data, TicketAssigned) and event.data.team:
                        self.is_given = True
            if self.now == until:
                return
            self.labels.append(Label(self.now, self.waiting, self.is_resting))
            for vow in self.live:
                self.count(vow, self.labels[-1])
            self.now += self.unit

    @property
    def is_being_sorted(self) -> bool:
        return not self.is_given and self.now < self.opened + self.editions[0].sorting

    # Clocks

    def count(self, vow: Vow, label: Label) -> None:
        """One more step counts if it is open and nobody else's turn."""
        policy = vow.policy
        is_held = label.waiting in policy.pause_on
        if vow.debt.clock is RESOLUTION and policy.on_reopen == "continue":
            is_held = is_held or label.is_resting
        if not is_held and vow.walls.is_open(label.at):
            vow.used += 1
            if vow.used == vow.goal:
                vow.due = label.at + self.unit

    def look_at_the_clocks(self) -> None:
        for vow in self.live:
            if vow.is_breached:
                continue
            while vow.warnings and vow.used >= vow.warnings[-1][1]:
                self.say(vow, f"at_risk:{vow.warnings.pop()[0]}")
            if vow.due is not None and vow.due < self.now:
                self.say(vow, "breached", vow.due)
                vow.is_breached, vow.status = True, "breached"

    def say(self, vow: Vow, what: str, when: datetime | None = None) -> None:
        debt = vow.debt
        self.transitions.append(
            (
                debt.clock,
                debt.cycle,
                debt.team,
                vow.policy.name,
                vow.version,
                what,
                when or self.now,
            )
        )

    # Policies

    def choose_again(self) -> None:
        for debt in self.debts:
            self.choose(debt)

    def chosen(self, debt: Debt) -> tuple[SlaPolicy, str, Walls] | None:
        owed, has = (debt.clock, debt.team, debt.cycle), self.has
        if self.is_being_sorted:
            self.became[owed] = dict(self.has)
            has = self.sorted_as.get(owed, self.has)
        edition = [
            item for item in self.editions if item.since <= self.now or item is self.editions[0]
        ][-1]
        ours = [policy for policy in edition.policies if policy.clock is debt.clock]
        for policy in [p for p in ours if not p.default] + [p for p in ours if p.default]:
            when = policy.when
            wanted = {"kind": when.kinds, "priority": when.priorities, "service": when.services}
            wanted |= {"group": when.groups, "team": when.teams}
            if all(not names or has[what] in names for what, names in wanted.items()):
                calendar = _calendar(edition, policy)
                return policy, self.version_of(policy, calendar), _walls(calendar.model_dump_json())
        return None

    def version_of(self, policy: SlaPolicy, calendar: DatedCalendar) -> str:
        """The edition since which the same has been said without a break."""
        version = ""
        for edition in self.editions:
            if edition.since > self.now and version:
                break
            same = policy in edition.policies and _calendar(edition, policy) == calendar
            if not same:
                version = ""
            elif not version:
                version = f"{policy.version}@{edition.version}"
        return version

    def choose(self, debt: Debt) -> None:
        current = next((vow for vow in self.live if vow.debt is debt), None)
        chosen = self.chosen(debt)
        if current and chosen and (current.policy, current.version) == chosen[:2]:
            return
        if current is not None:
            self.end(current, "cancelled", replaced=True)
        if chosen is not None:
            self.vow(debt, *chosen)

    def vow(self, debt: Debt, policy: SlaPolicy, version: str, walls: Walls) -> None:
        start = self.start_of(debt, policy)
        goal = policy.target // self.unit
        warnings = [(p, goal * p // 100) for p in sorted(policy.warn_at, reverse=True)]
        vow = Vow(debt, policy, version, walls, self.now, start, goal, warnings)
        for label in self.labels:
            if label.at >= start:
                self.count(vow, label)
        self.vows.append(vow)
        self.live.append(vow)
        self.say(vow, "started")
        passed = 0
        while vow.warnings and vow.used >= vow.warnings[-1][1]:
            passed = vow.warnings.pop()[0]
        if passed and vow.due is None:
            self.say(vow, f"at_risk:{passed}")
        if vow.due is not None and vow.due < self.now:
            self.say(vow, "breached")
            vow.is_breached, vow.status = True, "breached"
        self.notice_hold(vow)

    def start_of(self, debt: Debt, policy: SlaPolicy) -> datetime:
        goes_back = debt.clock is RESOLUTION and policy.on_reopen != "restart"
        origin = self.opened if goes_back else debt.since
        before = [
            vow
            for vow in self.vows
            if (vow.debt.clock, vow.debt.team) == (debt.clock, debt.team)
            and (goes_back or vow.debt.cycle == debt.cycle)
        ]
        if before and (before[-1].policy.name, before[-1].policy.target) == (
            policy.name,
            policy.target,
        ):
            return before[-1].start
        if not before and self.is_new(debt) and self.now == origin:
            return origin
        if policy.on_change == "from_change":
            return self.now
        return origin

    def is_new(self, debt: Debt) -> bool:
        return debt not in self.debts

    def notice_holds(self) -> None:
        for vow in self.live:
            self.notice_hold(vow)

    def notice_hold(self, vow: Vow) -> None:
        is_held = self.waiting in vow.policy.pause_on
        if is_held != vow.is_held and not vow.is_breached:
            self.say(vow, "paused" if is_held else "resumed")
        vow.is_held = is_held

    # What is owed

    def owe(self, clock: ClockName, team: str = "") -> None:
        if any((debt.clock, debt.team) == (clock, team) for debt in self.debts):
            return
        cycle = self.cycles[clock, team] = self.cycles.get((clock, team), 0) + 1
        debt = Debt(clock, team, cycle, self.now)
        chosen = self.chosen(debt)
        if chosen is not None:
            self.vow(debt, *chosen)
        self.debts.append(debt)

    def settle(self, clock: ClockName, status: str = "met", team: str = "") -> None:
        for debt in [item for item in self.debts if (item.clock, item.team) == (clock, team)]:
            self.debts.remove(debt)
            for vow in [item for item in self.live if item.debt is debt]:
                self.end(vow, status)

    def settle_all(self, status: str) -> None:
        for debt in list(self.debts):
            self.settle(debt.clock, status, debt.team)

    def end(self, vow: Vow, status: str, *, replaced: bool = False) -> None:
        self.live.remove(vow)
        vow.end = self.now
        if replaced or not vow.is_breached:
            vow.status = status
            self.say(vow, status)

    # What happens

    def happen(self, event: AnyEvent) -> None:  # noqa: C901  (flat: one line for each event)
        match event.data:
            case TicketTriaged(priority=priority, service=service):
                self.has["priority"] = priority
                self.has["service"] = service or self.has["service"]
            case TicketUpdated(priority=priority, service=new_service):
                self.has["priority"] = priority or self.has["priority"]
                self.has["service"] = self.has["service"] if new_service is None else new_service
            case TicketAssigned(team=team):
                self.assign(team)
            case TicketPaused(waiting_for=reason) if not self.is_resting:
                self.waiting = reason
            case TicketResumed():
                self.waiting = ""
            case TicketCommented():
                self.hear(event.data)
            case TicketResolved(how=how):
                self.resolve(how)
            case TicketClosed():
                self.resolve(How.MEMBER)
            case TicketReopened(by=by) if self.is_resting:
                self.reopen(by)
            case TicketMerged():
                self.settle_all("cancelled")
                self.waiting, self.is_merged = "", True

    def assign(self, team: str) -> None:
        if team == self.has["team"]:
            return
        self.settle(OWNERSHIP, team=self.has["team"])
        self.has["team"] = team
        if team and not self.is_resting:
            self.owe(OWNERSHIP, team)

    def hear(self, note: TicketCommented) -> None:
        if not note.public or note.automatic or note.role is Role.SYSTEM:
            return
        if note.role is Role.EMPLOYEE:
            if self.has_responded and not self.is_resting:
                self.owe(NEXT)
            return
        owed_update = any(debt.clock is UPDATE for debt in self.debts)
        self.settle(NEXT)
        self.settle(UPDATE)
        if note.role is Role.MEMBER:
            self.settle(RESPONSE)
            self.has_responded = True
        if not self.is_resting and (note.role is Role.MEMBER or owed_update):
            self.owe(UPDATE)

    def resolve(self, how: How) -> None:
        if self.is_resting:
            return
        if how is How.WITHDRAWN:
            self.settle_all("cancelled")
        elif how is not How.MEMBER:
            self.settle(RESPONSE, "cancelled")
        self.settle_all("met")
        self.has_responded = self.has_responded or how is How.MEMBER
        self.waiting, self.is_resting = "", True

    def reopen(self, by: str) -> None:
        self.is_resting = False
        self.owe(RESOLUTION)
        self.owe(UPDATE if self.has_responded else RESPONSE)
        if self.has_responded and by == self.requester:
            self.owe(NEXT)
        if self.has["team"]:
            self.owe(OWNERSHIP, self.has["team"])


def walked(
    events: Sequence[AnyEvent], editions: Sequence[Edition], unit: timedelta, until: datetime
) -> Reference:
    """The whole walk. What a ticket is sorted as counts from its start, so it is walked twice."""
    reference = Reference(events, editions, unit)
    reference.replay(until)
    if editions[0].sorting:
        reference = Reference(events, editions, unit, reference.became)
        reference.replay(until)
    if reference.is_being_sorted:
        reference.transitions, reference.vows = [], []
    return reference


def _calendar(edition: Edition, policy: SlaPolicy) -> DatedCalendar:
    return next(item for item in edition.calendars if item.name == policy.calendar)
