"""What became of a ticket's SLAs and was not emitted yet, once each, and when to look again.

What was emitted and late facts make untrue is withdrawn before it is emitted right.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from desk_contracts.envelope import Event, Payload
from desk_contracts.events.sla import ClockName, SlaCancelled
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.names import METRICS_SOURCE
from desk_kernel import Decision

from desk_metrics.sla.clocks import SlaClock, find_sorting_end, key_of, run_clocks
from desk_metrics.sla.facts import Moment
from desk_metrics.sla.lifecycle import Lifecycle, read_lifecycle
from desk_metrics.sla.model import Emitted, Mark, TicketClocks
from desk_metrics.sla.policies import PolicyBook
from desk_metrics.sla.transitions import (
    Head,
    Transition,
    TransitionKind,
    build_payload,
    list_transitions,
)
from desk_metrics.sla.worktime import instant, micros

SOURCE = METRICS_SOURCE
LATE_FACTS = message("sla.late-facts")
# In the year 5138; exact in any store.
_NEVER = 10**17
Untrue = Literal["", "at_risk", "breached"]


def decide(state: TicketClocks, book: PolicyBook, now: datetime) -> Decision[TicketClocks]:
    """What is true now and was not emitted. Deciding again after a crash gives the same ids.

    A `now` before an earlier one counts as that earlier one: a ticket's time does not run back.
    """
    at = max(micros(now), state.as_of)
    # Most events move no clock. Editions are only ever added: their number says if it is the same
    # book.
    is_quiet = at < state.quiet_until and state.editions == len(book.editions)
    if is_quiet and book.in_force(state.as_of) == book.in_force(at):
        return _keep(state, state.emitted, at, state.decided_to, state.quiet_until, state.editions)
    lifecycle = read_lifecycle(state.facts, at)
    emitter = _Emitter(state, lifecycle, at)
    timers = [fact.at for fact in state.facts if fact.at > at]
    if lifecycle is not None:
        sorted_by = find_sorting_end(lifecycle, book)
        if at < sorted_by[0]:
            timers.append(sorted_by[0])
        for clock in run_clocks(lifecycle, book, at, sorted_by):
            emitter.emit(clock)
    emitter.withdraw_vanished()
    changes_at = book.next_change(at)
    if changes_at is not None and emitter.is_any_open:
        timers.append(changes_at)
    quiet_until = min((*timers, *emitter.timers), default=_NEVER)
    decided_to = max(
        ((fact.at, fact.sequence) for fact in state.facts if fact.at <= at), default=(0, 0)
    )
    emitted, editions = tuple(emitter.emitted), len(book.editions)
    return _keep(state, emitted, at, decided_to, quiet_until, editions, emitter.events)


def _keep(  # noqa: PLR0913, PLR0917  (the fields of a document)
    state: TicketClocks,
    emitted: tuple[Emitted, ...],
    at: int,
    decided_to: Moment,
    quiet_until: int,
    editions: int,
    events: tuple[Event[Payload], ...] = (),
) -> Decision[TicketClocks]:
    after = TicketClocks(state.ticket, state.facts, emitted, at, decided_to, quiet_until, editions)
    return Decision(after, events, None if quiet_until == _NEVER else instant(quiet_until))


class _Emitter:
    """Goes through the SLAs of a ticket once, with what was emitted of each before."""

    def __init__(self, state: TicketClocks, lifecycle: Lifecycle | None, at: int) -> None:
        self._ticket, self._lifecycle = state.ticket, lifecycle
        self._at, self._decided_to = at, state.decided_to
        self._before = {emitted[:6]: emitted for emitted in state.emitted}
        self._withdrawn: list[Event[Payload]] = []
        self._fresh: list[tuple[Moment, Event[Payload]]] = []
        # Clocks of which something was emitted in this pass.
        self._moved: set[ClockName] = set()
        self.emitted: list[Emitted] = []
        self.timers: list[int] = []
        self.is_any_open = False

    @property
    def events(self) -> tuple[Event[Payload], ...]:
        self._fresh.sort(key=lambda fresh: fresh[0])
        return (*self._withdrawn, *(event for _, event in self._fresh))

    def emit(self, clock: SlaClock) -> None:
        """What is new of an SLA; what has to be withdrawn goes first.

        Who listens may take the last event of a clock for the truth. So when something earlier of
        the same clock has just been emitted, what follows it is emitted again.
        """
        key = key_of(clock)
        before = self._before.pop(key, None)
        has_moved = clock.clock in self._moved
        if clock.end is None:
            self.is_any_open = True
        elif before is not None and clock.end <= self._decided_to and not has_moved:
            self.emitted.append(before)
            return
        transitions, timer = list_transitions(clock, self._at)
        if timer is not None:
            self.timers.append(timer)
        marks = tuple(transition.mark for transition in transitions)
        if before is None:
            self._append(clock, Emitted(*key, 0, marks), transitions, 0)
        elif _is_over(before.marks) and _is_over(marks):
            self.emitted.append(Emitted(*key, before.revision, marks))
        elif not has_moved and marks[: len(before.marks)] == before.marks:
            emitted = Emitted(*key, before.revision, marks)
            self._append(clock, emitted, transitions, len(before.marks))
        else:
            self._amend(clock, before, Emitted(*key, before.revision + 1, marks), transitions)

    def withdraw_vanished(self) -> None:
        """What was emitted of SLAs that never were."""
        for before in self._before.values():
            self._withdraw(before, ())
            if not _is_over(before.marks):
                end = (str(TransitionKind.CANCELLED), (self._at, 0))
                before = before._replace(marks=(*before.marks, end))  # noqa: PLW2901
            self.emitted.append(before)

    def _amend(
        self, clock: SlaClock, before: Emitted, emitted: Emitted, transitions: list[Transition]
    ) -> None:
        if _is_over(emitted.marks):
            untrue = _find_untrue(before.marks, emitted.marks)
            self._append(clock, emitted, transitions, len(transitions) - 1, untrue)
            return
        if any(name == TransitionKind.BREACHED for name, _ in before.marks):
            transitions = [
                change._replace(inherited=change.kind is TransitionKind.BREACHED)
                for change in transitions
            ]
        self._withdraw(before, emitted.marks)
        self._append(clock, emitted, transitions, 0)

    def _append(
        self,
        clock: SlaClock,
        emitted: Emitted,
        transitions: Sequence[Transition],
        first: int,
        untrue: Untrue | None = None,
    ) -> None:
        """Keep it, and make an event of each transition from the first new one on."""
        self.emitted.append(emitted)
        head = _head_of(emitted)
        for place in range(first, len(transitions)):
            moment = transitions[place].moment
            data = build_payload(clock, transitions[place], head)
            if untrue is not None:
                data = data.model_copy(update={"untrue": untrue})
            what = f"{place}/{data.TYPE}"
            self._fresh.append((moment, self._event(emitted, what, moment[0], data)))
            self._moved.add(clock.clock)

    def _withdraw(self, before: Emitted, marks: tuple[Mark, ...]) -> None:
        """Whoever heard of it hears that it was not so."""
        if not _is_over(before.marks):
            untrue = _find_untrue(before.marks, marks)
            data = SlaCancelled(**_head_of(before), because=LATE_FACTS, untrue=untrue)
            self._withdrawn.append(self._event(before, "taken-back", self._at, data))

    def _event(self, emitted: Emitted, what: str, at: int, data: Payload) -> Event[Payload]:
        sla = f"{emitted.clock}/{emitted.policy}/{emitted.version}/{emitted.cycle}/{emitted.team}"
        began = f"{emitted.applies[0]}.{emitted.applies[1]}"
        lifecycle = self._lifecycle
        return Event(
            id=derive_id(self._ticket, f"{sla}/{began}/{what}", emitted.revision),
            source=SOURCE,
            subject=self._ticket,
            time=instant(at),
            data=data,
            correlation_id="" if lifecycle is None else lifecycle.correlation,
            causation_id="" if lifecycle is None else lifecycle.cause,
        )


def _is_over(marks: Sequence[Mark]) -> bool:
    return marks[-1][0] == TransitionKind.CANCELLED


def _find_untrue(before: Sequence[Mark], marks: Sequence[Mark]) -> Untrue:
    """The worst that was emitted and is not so."""
    kinds = {name.partition(":")[0] for name, _ in marks}
    gone = {name.partition(":")[0] for name, _ in before} - kinds
    if TransitionKind.BREACHED in gone:
        return "breached"
    return "at_risk" if TransitionKind.AT_RISK in gone else ""


def _head_of(emitted: Emitted) -> Head:
    return {
        "clock": emitted.clock,
        "policy": emitted.policy,
        "policy_version": emitted.version,
        "cycle": emitted.cycle,
        "team": emitted.team,
    }
