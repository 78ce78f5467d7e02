"""The charter's runbooks, compiled once per version."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from desk_charter.model import Charter
from desk_charter.people import Team
from desk_charter.runbook_checks import RUNBOOKS
from desk_charter.runbooks import Runbook
from desk_contracts import AnyEvent, Event
from desk_contracts.events.signals import SignalRaised
from desk_kernel import OncePerThing

from desk_automation.conditions.expression import Condition, Inputs, condition
from desk_automation.conditions.inputs import values_of
from desk_automation.matching.decide import ModeOf, Raised, is_meant, run_id, target_of
from desk_automation.patterns.rules import PatternRule, compile_pattern
from desk_automation.rollouts.fleet import FleetRules
from desk_automation.rollouts.model import FaultSeen

# More than a consumer reads at once: each of its projections asks about the same events.
NEWEST = 1_000  # desk-skip: mutate only quicker


@dataclass(frozen=True, slots=True)
class Rule:
    """One runbook and its compiled condition."""

    runbook: Runbook
    when: Condition

    def matches(self, event: Raised, inputs: Inputs) -> bool:
        """Whether the runbook wants to act on this event, whose values are the inputs."""
        return is_meant(self.runbook, self.when, event) and self.when.holds(inputs)


class Rules:
    """All rules, and those of them that one signal can meet at all: most name theirs."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._of_any_signal = tuple(rule for rule in self._rules if rule.when.signal is None)
        self._by_signal = {
            signal: tuple(rule for rule in self._rules if rule.when.signal in {signal, None})
            for signal in {rule.when.signal for rule in self._rules}
        }

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def find_matching(self, event: Raised) -> Iterator[Runbook]:
        """The runbooks that want to act on this event, in the order of the charter."""
        rules = self.find_about(event)
        if not rules:
            return
        values = values_of(event, "")
        inputs = Inputs({"event": values["event"], "data": values["data"]})
        for rule in rules:
            if rule.matches(event, inputs):
                yield rule.runbook

    def find_about(self, event: Raised) -> tuple[Rule, ...]:
        """In the order of the charter; all others would say no."""
        if isinstance(event.data, SignalRaised):
            return self._by_signal.get(event.data.signal, self._of_any_signal)
        return self._of_any_signal


def compile_rules(runbooks: Sequence[Runbook]) -> tuple[Rules, tuple[PatternRule, ...]]:
    """Those for which one event is enough, and those that wait for a pattern over time."""
    single = (Rule(book, condition(book.when.once)) for book in runbooks if book.when.once)
    patterns = (compile_pattern(book.id, book.when) for book in runbooks if book.when.pattern)
    return Rules(single), tuple(patterns)


class Rulebook:
    """All runbooks of one charter, ready to be asked about an event.

    `measurements` are those that some run may wait for, runs that began under another charter too.
    """

    def __init__(self, charter: Charter, earlier: frozenset[str] = frozenset()) -> None:
        self.version, self._charter = charter.version, charter
        self._compile(charter.of(RUNBOOKS), earlier)

    def _compile(self, runbooks: Sequence[Runbook], earlier: frozenset[str] = frozenset()) -> None:
        self.rules, self.patterns = compile_rules(runbooks)
        self.measurements = earlier | {
            runbook.verify.measurement for runbook in runbooks if runbook.verify
        }
        self._matching: OncePerThing[Raised, tuple[Runbook, ...]] = OncePerThing(
            lambda event: tuple(self.rules.find_matching(event)), NEWEST
        )
        self._targets = OncePerThing(self._find_targets, NEWEST)
        self._runs = OncePerThing(self._find_runs, NEWEST)

    def owner_of(self, runbook: Runbook) -> Team:
        """The team that answers for it."""
        return self._charter.team(runbook.owner_team)

    def find(self, id: str) -> Runbook | None:
        """The runbook of that id, if it is in force."""
        return next((book for book in self._charter.of(RUNBOOKS) if book.id == id), None)

    def is_heard(self, event: AnyEvent) -> bool:
        """Whether it has to do with some pattern over time."""
        values = values_of(event, "")
        return any(rule.find_occurrence(event, values, event.time) for rule in self.patterns)

    def find_matching(self, event: Raised) -> tuple[Runbook, ...]:
        """The runbooks that want to act on this event."""
        return self._matching(event)

    def find_targets(self, event: Raised) -> Mapping[str, tuple[str, ...]]:
        """What the event is trouble of: the runbooks that match it, by the target of each."""
        return self._targets(event)

    def _find_targets(self, event: Raised) -> dict[str, tuple[str, ...]]:
        targets: dict[str, tuple[str, ...]] = {}
        for runbook in self.find_matching(event):
            target = target_of(event, runbook)
            if target:
                targets[target] = (*targets.get(target, ()), runbook.id)
        return targets

    def runs(self, event: Raised) -> Mapping[str, Runbook]:
        """The runs that the event stands for, by id."""
        return self._runs(event)

    def _find_runs(self, event: Raised) -> dict[str, Runbook]:
        return {run_id(event, runbook): runbook for runbook in self.find_matching(event)}

    def find_faults(
        self, event: Event[SignalRaised], now: datetime, mode_of: ModeOf = Runbook.mode_on
    ) -> dict[str, tuple[FaultSeen, FleetRules]]:
        """The fault that the event shows, for each runbook that acts and whose fleet is guarded."""
        faults = {}
        for runbook in self.find_matching(event):
            guard = runbook.fleet_guard
            if guard is None or mode_of(runbook, now.date()) not in {"approve", "auto"}:
                continue
            if target := target_of(event, runbook):
                team = runbook.escalate.team or runbook.owner_team
                rules = FleetRules(guard.more_than, guard.within, runbook.title, team)
                faults[runbook.id] = (FaultSeen(target=target, at=event.time), rules)
        return faults
