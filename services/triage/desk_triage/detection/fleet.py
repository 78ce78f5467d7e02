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
from desk_contracts import AnyEvent, Event
from desk_contracts.digest import seed_of
from desk_contracts.events.signals import SignalCleared, SignalDropped, SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import derive_id
from desk_contracts.message import Message, message
from desk_contracts.value_types import Severity, SubjectKind, Value
from desk_kernel import Decision

from desk_triage.changes.snapshot import ContextSnapshot, Facts, explain_changes
from desk_triage.detection.model import Episode
from desk_triage.detection.signals import emit_drop, emit_end, open_episode
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
# All devices are counted each minute, so what the count shows is seen after the next one.
LOOK_AGAIN = timedelta(seconds=75)
MAX_MEMBERS = 500
MAX_FACTS, LONGEST_FACT = 12, 100
# The signal is over when so few devices are left.
FEW_LEFT = 2


class Member(Value):
    """One device that shows the symptom, or did when it was last watched."""

    subject: str
    episode: str
    at: datetime
    facts: tuple[tuple[str, str], ...] = ()
    is_dropped: bool = False


class Cause(Value):
    """What the devices share."""

    name: str
    value: str


class Occasion(Value):
    """The newest signal of the symptom: what a signal of what they share follows from."""

    event: str
    seed: str
    at: datetime
    subject: str
    signal: str
    service: str = ""
    severity: Severity
    measurement: str = ""
    correlation_id: str
    traceparent: str = ""


class FleetSymptom(Value):
    """The devices that show one symptom now, and the signal of what they share.

    While nothing is shared it is looked at again at `look_at`, when all devices were counted anew.
    `subject` is what the signal was raised for: its end is told of the same.
    """

    members: tuple[Member, ...] = ()
    # So many more were ill than are kept, and have not been said to be well.
    unlisted: int = 0
    # And of so many of these nobody knows any more, since the signal was raised.
    unwatched: int = 0
    episode: Episode | None = None
    cause: Cause | None = None
    subject: str = ""
    occasion: Occasion | None = None
    look_at: datetime | None = None

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
    now: datetime,
) -> Decision[FleetSymptom]:
    """One device more shows it: perhaps it is now clear what they share."""
    before, data = state or FleetSymptom(), event.data
    member = Member(
        subject=event.subject, episode=data.episode, at=event.time, facts=find_facts(data)
    )
    others = [each for each in before.members if each.subject != event.subject]
    ordered = sorted((*others, member), key=lambda each: (each.at, each.subject))
    added = {
        "members": tuple(ordered[-MAX_MEMBERS:]),
        "unlisted": before.unlisted + max(0, len(ordered) - MAX_MEMBERS),
        "occasion": _remember(event),
    }
    after = before.model_copy(update=added)
    return _look(after, before.look_at or now + LOOK_AGAIN, event.time, charter, snapshot)


def look_again(
    state: FleetSymptom, charter: Charter, snapshot: ContextSnapshot, now: datetime
) -> Decision[FleetSymptom]:
    """Nobody more fell ill, but how all others are is better seen by now."""
    return _look(state, now + LOOK_AGAIN, now, charter, snapshot)


def _look(
    state: FleetSymptom,
    look_at: datetime,
    now: datetime,
    charter: Charter,
    snapshot: ContextSnapshot,
) -> Decision[FleetSymptom]:
    """Raise the shared signal if it is clear what they share; else be due while that can come."""
    occasion = state.occasion
    if state.episode is not None or occasion is None:
        return Decision(state, (), None)
    recent = [
        each for each in state.members if occasion.at - each.at <= TOGETHER and not each.is_dropped
    ]
    shared = find_shared({each.subject: each.facts for each in recent}, snapshot.population)
    if shared is not None:
        raised = _emit_raised(occasion, now, shared, charter, snapshot)
        opened = {
            "episode": open_episode(raised),
            "cause": shared.cause,
            "subject": raised.subject,
            "look_at": None,
        }
        return Decision(state.model_copy(update=opened), (raised,), None)
    is_open = len(recent) >= FEWEST and look_at - occasion.at <= TOGETHER
    due = look_at if is_open else None
    return Decision(state.model_copy(update={"look_at": due}), (), due)


def remove_member(
    state: FleetSymptom, event: Event[SignalCleared]
) -> Decision[FleetSymptom] | None:
    """One device less; with few left the shared signal is over.

    What is not kept is taken to share the cause: nobody says of it that it does not. Where more
    than few may still be ill, since nobody watches them any more, it is dropped.
    """
    left = tuple(each for each in state.members if each.episode != event.data.episode)
    unlisted = state.unlisted
    if len(left) == len(state.members):
        if not unlisted:
            return None
        unlisted -= 1
    return _end_if_few(state.model_copy(update={"members": left, "unlisted": unlisted}), event)


def drop_member(state: FleetSymptom, event: Event[SignalDropped]) -> Decision[FleetSymptom] | None:
    """Nobody watches a device any more: it does not count as ill, nor as well."""
    kept, is_open = list[Member](), state.episode is not None
    for each in state.members:
        if each.episode != event.data.episode:
            kept.append(each)
        elif is_open:
            kept.append(each.model_copy(update={"is_dropped": True}))
    update: dict[str, object] = {"members": tuple(kept)}
    if update["members"] == state.members:
        if not state.unlisted:
            return None
        unwatched = state.unwatched + 1 if is_open else 0
        update = {"unlisted": state.unlisted - 1, "unwatched": unwatched}
    return _end_if_few(state.model_copy(update=update), event)


def _end_if_few(
    state: FleetSymptom, event: Event[SignalCleared] | Event[SignalDropped]
) -> Decision[FleetSymptom]:
    """With few left the shared signal is over, if those that nobody watches would be few, too."""
    sharing, episode = state.list_sharing(), state.episode
    still = sum(not each.is_dropped for each in sharing) + state.unlisted
    if episode is None or still > FEW_LEFT:
        return Decision(state, (), state.look_at)
    subject = state.subject or episode.service
    dropped = sum(each.is_dropped for each in sharing) + state.unwatched
    if still + dropped > FEW_LEFT:
        why = message("signal.fleet-unwatched", count=dropped)
        seen_at = event.data.seen_at if isinstance(event.data, SignalDropped) else event.time
        ended: AnyEvent = emit_drop(episode, subject, seen_at, event.time, why)
    else:
        why = message("signal.fleet-over", count=still)
        ended = emit_end(episode, event, still, why, subject)
    left = tuple(each for each in state.members if not each.is_dropped)
    closed = {"episode": None, "cause": None, "subject": "", "members": left, "unwatched": 0}
    return Decision(state.model_copy(update=closed), (ended,), None)


def _remember(event: Event[SignalRaised]) -> Occasion:
    data = event.data
    return Occasion(
        event=event.id,
        seed=seed_of(event),
        at=event.time,
        subject=event.subject,
        signal=data.signal,
        service=data.service,
        severity=data.severity,
        measurement=data.measurement,
        correlation_id=event.correlation_id or event.id,
        traceparent=event.traceparent,
    )


def _emit_raised(
    occasion: Occasion,
    now: datetime,
    shared: Enrichment,
    charter: Charter,
    snapshot: ContextSnapshot,
) -> Event[SignalRaised]:
    signal = SignalRaised(
        episode=derive_id(occasion.seed, f"episode/fleet/{occasion.signal}"),
        detector=DETECTOR,
        signal=f"{DETECTOR}-{occasion.signal}",
        title=f"{occasion.signal}: {shared.cause.name} {shared.cause.value}"[:300],
        severity=Severity.WARNING if occasion.severity is Severity.INFO else Severity.CRITICAL,
        subject_kind=SubjectKind.SERVICE if occasion.service else SubjectKind.FLEET,
        measurement=occasion.measurement,
        value=shared.ill_with,
        threshold=FEWEST,
        is_measured=False,
        service=occasion.service,
        attributes={shared.cause.name: shared.cause.value},
        explanation=_explain(occasion, shared, charter, snapshot),
        charter=charter.version,
    )
    return Event(
        id=derive_id(occasion.seed, "raise/fleet"),
        source=SOURCE,
        subject=occasion.service or f"{DETECTOR}/{occasion.signal}",
        time=now,
        data=signal,
        correlation_id=occasion.correlation_id,
        causation_id=occasion.event,
        traceparent=occasion.traceparent,
    )


def _explain(
    occasion: Occasion, shared: Enrichment, charter: Charter, snapshot: ContextSnapshot
) -> tuple[Message, ...]:
    why = message(
        "signal.shared-cause",
        name=shared.cause.name,
        value=shared.cause.value,
        ill_with=shared.ill_with,
        ill=shared.ill,
        share=shared.all_with / shared.all,
        devices=shared.all,
    )
    service = charter.find_service(occasion.service)
    if service is None:
        return (why,)
    return (why, *explain_changes(snapshot, service.name, service.title, occasion.at))
