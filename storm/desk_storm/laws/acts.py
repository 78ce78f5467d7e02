"""Acts: what targets received, against what the charter allows and the run said."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

from desk_contracts.events.automation import RunStepRecorded

from desk_storm.books import Act
from desk_storm.history import History
from desk_storm.laws.law import Finding, law

# As the service's page for those who write targets says: these were surely not taken.
_NOT_TAKEN = frozenset({"409", "423", "425", "429"})
# And what who answers this did is not told; no more than by who sends to another place.
_UNTOLD = frozenset({"408"})
# Who sends the same request to another place has done nothing with it.
_SENT_ELSEWHERE = frozenset({"307", "308"})
# Clocks are one machine's, but what is on the way when a run ends is not late.
_ON_THE_WAY = timedelta(seconds=1)
_UNTIL_SAID = timedelta(seconds=10)


def is_taken(act: Act) -> bool:
    """Answered in full, with a yes."""
    return len(act.answer) == 3 and act.answer.startswith("2")


def is_refused(act: Act) -> bool:
    """Answered in full, with a no: nothing was done."""
    is_no = act.answer.startswith("4") or act.answer in _SENT_ELSEWHERE
    return len(act.answer) == 3 and is_no and act.answer not in _UNTOLD


def is_unknown(act: Act) -> bool:
    """Whoever sent it cannot know what it did."""
    return not is_taken(act) and not is_refused(act)


def by_key(acts: Sequence[Act]) -> dict[str, list[Act]]:
    """A run's acts by key; questions left out."""
    grouped: dict[str, list[Act]] = defaultdict(list)
    for act in acts:
        if not act.is_question:
            grouped[act.key].append(act)
    return grouped


@law
def act_is_not_repeated(history: History) -> Iterator[Finding]:
    """What must not be repeated is sent again only after a sure no, or a question."""
    for run, acts in history.acts.items():
        for key, sent in by_key(acts).items():
            step = history.step(sent[0])
            if step is None or step.effect not in ("once", "confirmable"):
                continue
            for before, again in pairwise(sent):
                is_queried = any(q.is_question and before.at < q.at < again.at for q in acts)
                if before.answer not in _NOT_TAKEN and not is_queried:
                    yield run, f"{step.step} ({step.effect}, key {key}) again after {before.answer}"


@law
def effect_happens_once(history: History) -> Iterator[Finding]:
    """No effect of one step of a run twice, but for what may be done any number of times."""
    effects = Counter((act.run, act.path) for act in history.books.acts if act.effect)
    for (run, path), count in effects.items():
        act = next(item for item in history.acts[run] if item.path == path and item.effect)
        step = history.step(act)
        may_repeat = step is None or step.effect in ("pure", "idempotent")
        if count > 1 and not may_repeat:
            keys = {item.key for item in history.acts[run] if item.path == path and item.effect}
            yield run, f"{count} effects of {path} at {act.target} under the keys {sorted(keys)}"


@law
def tries_are_bounded(history: History) -> Iterator[Finding]:
    """A target sees an act at most as often as the charter says, whoever died over it."""
    for run, acts in history.acts.items():
        for sent in by_key(acts).values():
            step = history.step(sent[0])
            if step is not None and len(sent) > step.attempts:
                yield run, f"{step.step} came {len(sent)} times; {step.attempts} are allowed"


@law
def act_belongs_to_a_run(history: History) -> Iterator[Finding]:
    """What a target received was told as begun."""
    for run, acts in history.acts.items():
        late = acts[0].at > history.closing
        if run and run not in history.runbooks and not late:
            yield run, f"{acts[0].target} received {acts[0].path}; nothing was ever told of the run"


@law
def act_after_the_end_is_said(history: History) -> Iterator[Finding]:
    """An act that arrives when its run is over is at least said on it."""
    steps = history.of(RunStepRecorded)
    for run, end in history.run_ends.items():
        for act in history.acts.get(run, []):
            over = act.ended_at or act.at
            if act.at <= end.arrived_at + _ON_THE_WAY or over > history.closing:
                continue
            is_recorded = any(s.event.data.run == run and s.event.time >= act.at for s in steps)
            died = history.was_disturbed("automation", act.at, over + _UNTIL_SAID)
            if not is_recorded and not died:
                yield run, f"{act.path} came at {act.at}, the run ended at {end.event.time}"


LAWS = (
    act_is_not_repeated,
    effect_happens_once,
    tries_are_bounded,
    act_belongs_to_a_run,
    act_after_the_end_is_said,
)
