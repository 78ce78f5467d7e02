"""Whether a cure lasted: the same trouble at the same target within seven days takes it back. Pure.

By the times of the troubles and cures themselves, so the order in which they come does not matter.
"""

from collections.abc import Iterable
from datetime import timedelta

from desk_automation.recurrence.model import Cure, Relapse, TargetHistory, Trouble

WATCHED = timedelta(days=7)
# What comes later than this after its time takes nothing back any more.
_KEPT = 2 * WATCHED
# The limits of runbooks let far fewer start on a target, and a signal that flaps is one trouble.
MAX_TROUBLES, MAX_CURES = 200, 200


def add_trouble(history: TargetHistory | None, trouble: Trouble) -> TargetHistory | None:
    """The history with one trouble more; None if it is in it, or no cure can be taken back by it.

    What no runbook matches matters only where something was cured before.
    """
    if history is None and not trouble.runbooks:
        return None
    history = history or TargetHistory()
    if any(item.episode == trouble.episode for item in history.troubles):
        return None
    troubles = sorted((*history.troubles, trouble), key=lambda item: (item.at, item.episode))
    return _find_relapses(history.model_copy(update={"troubles": tuple(troubles)}))


def add_cure(history: TargetHistory | None, cure: Cure) -> TargetHistory | None:
    """The history with one cure more; None if it is in it."""
    history = history or TargetHistory()
    if any(item.run == cure.run for item in history.cures):
        return None
    cures = sorted((*history.cures, cure), key=lambda item: (item.at, item.run))
    return _find_relapses(history.model_copy(update={"cures": tuple(cures)}))


def clear_relapses(history: TargetHistory | None, done: Iterable[Relapse]) -> TargetHistory | None:
    """The history once these runs know; None if nothing changes."""
    over = set(done)
    if history is None or not over & set(history.relapses):
        return None
    left = tuple(item for item in history.relapses if item not in over)
    return history.model_copy(update={"relapses": left})


def is_same_trouble(trouble: Trouble, cure: Cure) -> bool:
    """Whether it is what was cured: called the same, or matched by the same runbook."""
    if trouble.episode == cure.episode:
        return False
    is_named = trouble.signal != "" and trouble.signal == cure.signal
    return is_named or cure.runbook in trouble.runbooks


def is_relapse(trouble: Trouble, cure: Cure) -> bool:
    """Whether it is the same, after the cure, and soon enough to take it back."""
    return is_same_trouble(trouble, cure) and cure.at < trouble.at <= cure.at + WATCHED


def _find_relapses(history: TargetHistory) -> TargetHistory:
    """Each cure is taken back once, by the earliest trouble that is known by now."""
    cures, relapses = list[Cure](), list(history.relapses)
    for cure in history.cures:
        matching = (item for item in history.troubles if is_relapse(item, cure))
        first = None if cure.is_relapsed else next(matching, None)
        if first is not None:
            relapses.append(
                Relapse(run=cure.run, episode=first.episode, signal=first.signal, at=first.at)
            )
        is_relapsed = first is not None or cure.is_relapsed
        cures.append(cure.model_copy(update={"is_relapsed": is_relapsed}))
    after = history.model_copy(update={"cures": tuple(cures), "relapses": tuple(relapses)})
    return _forget(after)


def _forget(history: TargetHistory) -> TargetHistory:
    """What is long over by the time of the newest of all, and what is too much, is left out."""
    moments = [item.at for item in history.troubles] + [item.at for item in history.cures]
    oldest = max(moments) - _KEPT
    return history.model_copy(
        update={
            "troubles": tuple(item for item in history.troubles if item.at >= oldest)[
                -MAX_TROUBLES:
            ],
            "cures": tuple(item for item in history.cures if item.at >= oldest)[-MAX_CURES:],
        }
    )
