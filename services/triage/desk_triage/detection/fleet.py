"""One symptom on many devices: what they share, and the one signal that says so.

A cause is what devices with the symptom share far more often than devices in general do: version,
model, site, whatever they say of themselves. The test is exact (hypergeometric, R. A. Fisher 1922):
the chance that so many of the ill have it, were they drawn from all devices without a cause.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import comb
from typing import NamedTuple

from desk_charter.model import Charter
from desk_contracts import Event, derive
from desk_contracts.digest import seed_of
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.value_types import Severity, SubjectKind, Value
from desk_kernel import Decision

from desk_triage.changes.snapshot import ContextSnapshot, Facts, explain_changes
from desk_triage.detection.model import Episode
from desk_triage.detection.signals import emit_end, open_episode
from desk_triage.routing.model import SOURCE

DETECTOR = "fleet"
# Fewer share anything by chance too easily.
FEWEST = 5
# The chance is multiplied by the number of facts that were tried (Bonferroni).
CHANCE = 0.001
# A cause explains at least half of what is seen; less is a part of it only.
LEAST_SHARE = 0.5
# What was raised longer ago has its own story by now.
TOGETHER = timedelta(hours=24)
MAX_MEMBERS = 500
MAX_FACTS, LONGEST_FACT = 12, 100
# The signal is over when so few devices are left.
FEW_LEFT = 2


class Member(Value):
    """One device that shows the symptom."""

    subject: str
    episode: str
    at: datetime
    facts: tuple[tuple[str, str], ...] = ()


class Cause(Value):
    """What the devices share."""

    name: str
    value: str


class FleetSymptom(Value):
    """The devices that show one symptom now, and the signal of what they share."""

    members: tuple[Member, ...] = ()
    episode: Episode | None = None
    cause: Cause | None = None

    def list_sharing(self) -> tuple[Member, ...]:
        """The members that have the cause."""
        if self.cause is None:
            return ()
        fact = self.cause.name, self.cause.value
        return tuple(member for member in self.members if fact in member.facts)


class Enrichment(NamedTuple):
    """How often a fact is found among the ill, and among all."""

    cause: Cause
    ill_with: int
    ill: int
    all_with: int
    all: int
    chance: float


def find_facts(data: Measured | SignalRaised) -> Facts:
    """What a device says of itself, in a form that is the same for all; bounded."""
    if data.subject_kind is not SubjectKind.DEVICE:
        return ()
    named = {"site": data.site, "service": data.service, **data.attributes}
    facts = sorted((name, value) for name, value in named.items() if name and value)
    return tuple((n[:LONGEST_FACT], v[:LONGEST_FACT]) for n, v in facts[:MAX_FACTS])


def find_chance(ill_with: int, ill: int, all_with: int, total: int) -> float:
    """The chance of so many or more with the fact among the ill; exact."""
    ways = sum(
        comb(all_with, number) * comb(total - all_with, ill - number)
        for number in range(ill_with, min(ill, all_with) + 1)
    )
    return ways / comb(total, ill)


def find_shared(
    affected: Mapping[str, Facts], population: Mapping[str, Facts]
) -> Enrichment | None:
    """What the ill share beyond chance; the least likely of several."""
    everybody = {**population, **affected}
    ill = Counter(fact for facts in affected.values() for fact in set(facts))
    tried = [fact for fact, count in ill.items() if count >= FEWEST]
    best: Enrichment | None = None
    for name, value in sorted(tried):
        with_it = ill[name, value]
        if with_it < LEAST_SHARE * len(affected):
            continue
        all_with = sum((name, value) in facts for facts in everybody.values())
        chance = find_chance(with_it, len(affected), all_with, len(everybody)) * len(tried)
        if chance <= CHANCE and (best is None or chance < best.chance):
            cause = Cause(name=name, value=value)
            best = Enrichment(cause, with_it, len(affected), all_with, len(everybody), chance)
    return best


def add_member(
    state: FleetSymptom | None,
    event: Event[SignalRaised],
    charter: Charter,
    snapshot: ContextSnapshot,
) -> Decision[FleetSymptom]:
    """One device more shows it: perhaps it is now clear what they share."""
    before, data = state or FleetSymptom(), event.data
    member = Member(
        subject=event.subject, episode=data.episode, at=event.time, facts=find_facts(data)
    )
    others = [each for each in before.members if each.subject != event.subject]
    ordered = sorted((*others, member), key=lambda each: (each.at, each.subject))
    after = before.model_copy(update={"members": tuple(ordered[-MAX_MEMBERS:])})
    if after.episode is not None:
        return Decision(after, (), None)
    recent = [each for each in after.members if event.time - each.at <= TOGETHER]
    shared = find_shared({each.subject: each.facts for each in recent}, snapshot.population)
    if shared is None:
        return Decision(after, (), None)
    raised = _emit_raised(event, shared, charter, snapshot)
    opened = {"episode": open_episode(raised), "cause": shared.cause}
    return Decision(after.model_copy(update=opened), (raised,), None)


def remove_member(
    state: FleetSymptom, event: Event[SignalCleared]
) -> Decision[FleetSymptom] | None:
    """One device less; with few left the shared signal is over."""
    left = tuple(each for each in state.members if each.episode != event.data.episode)
    if len(left) == len(state.members):
        return None
    after = state.model_copy(update={"members": left})
    still = len(after.list_sharing())
    if after.episode is None or still > FEW_LEFT:
        return Decision(after, (), None)
    why = message("signal.fleet-over", count=still)
    ended = emit_end(after.episode, event, still, why)
    closed = {"episode": None, "cause": None}
    return Decision(after.model_copy(update=closed), (ended,), None)


def _emit_raised(
    event: Event[SignalRaised], shared: Enrichment, charter: Charter, snapshot: ContextSnapshot
) -> Event[SignalRaised]:
    data, cause = event.data, shared.cause
    service = charter.find_service(data.service)
    why = message(
        "signal.shared-cause",
        name=cause.name,
        value=cause.value,
        ill_with=shared.ill_with,
        ill=shared.ill,
        share=shared.all_with / shared.all,
        devices=shared.all,
    )
    reasons = [why]
    if service is not None:
        reasons += explain_changes(snapshot, service.name, service.title, event.time)
    signal = SignalRaised(
        episode=derive_id(seed_of(event), f"episode/fleet/{data.signal}"),
        detector=DETECTOR,
        signal=f"{DETECTOR}-{data.signal}",
        title=f"{data.signal}: {cause.name} {cause.value}"[:300],
        severity=Severity.WARNING if data.severity is Severity.INFO else Severity.CRITICAL,
        subject_kind=SubjectKind.SERVICE,
        measurement=data.measurement,
        value=shared.ill_with,
        threshold=FEWEST,
        service=data.service,
        attributes={cause.name: cause.value},
        explanation=tuple(reasons),
        charter=charter.version,
    )
    subject = data.service or event.subject
    return derive(event, signal, source=SOURCE, subject=subject, rule="raise/fleet", at=event.time)
