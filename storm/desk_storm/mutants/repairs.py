"""Mutants of repairs: what is sent, how often, and what is said of it."""

from desk_storm.mutants.mutant import Mutant

_STEPS = "services/automation/desk_automation/runs/journal.py"
_LIFECYCLE = "services/automation/desk_automation/runs/lifecycle.py"
_VERIFY = "services/automation/desk_automation/runs/verdict.py"
_MOVES = "services/automation/desk_automation/runs/decide.py"
_EXECUTOR = "services/automation/desk_automation/adapters/executors/http.py"
_CURE = "return len(newest) == wanted and all(is_well(sample.value) for sample in newest)"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "what was begun is begun again",
        "act-is-not-repeated",
        _MOVES,
        "    if (entry := run.open_act) is not None:\n",
        "    if (entry := run.open_act) is not None and run.cancelled_by:\n",
        together="F",
    ),
    Mutant(
        "each try has a key of its own",
        "effect-happens-once",
        _EXECUTOR,
        'return headers | {"desk-run": run,',
        'return headers | {"idempotency-key": f"{attempt.key}{token}", "desk-run": run,',
        together="G",
    ),
    Mutant(
        "one try more than allowed",
        "tries-are-bounded",
        _STEPS,
        "sends < attempt.call.attempts:",
        "sends <= attempt.call.attempts:",
        together="C",
    ),
    Mutant(
        "an act names its key as its run",
        "act-belongs-to-a-run",
        _EXECUTOR,
        'return headers | {"desk-run": run,',
        'return headers | {"desk-run": attempt.key,',
        together="I",
    ),
    Mutant(
        "what was sent is skipped all the same",
        "skipped-means-never-sent",
        _LIFECYCLE,
        "    if run.has_sent:\n        outcome = ",
        "    if run.has_acted:\n        outcome = ",
        together="A",
    ),
    Mutant(
        "what did not help was not run",
        "not-run-means-no-effect",
        _VERIFY,
        "return escalate(run, Outcome.NOT_HEALED, reason, now)",
        "return escalate(run, Outcome.NOT_RUN, reason, now)",
        together="A",
    ),
    Mutant(
        "a try of which nothing is known has failed",
        "unknown-is-in-doubt",
        _STEPS,
        "is_doubtful = answer.result is Result.UNKNOWN and not _is_repeatable(act)",
        "is_doubtful = False",
        together="B",
    ),
    Mutant(
        "doubt is kept to oneself",
        "doubt-is-in-words",
        _LIFECYCLE,
        "outcome, reason = Outcome.IN_DOUBT, in_doubt",
        "outcome = Outcome.IN_DOUBT",
        together="D",
    ),
    Mutant(
        "what is not refused is done",
        "done-means-received",
        _STEPS,
        "    act = run.current_act\n    if answer.result is Result.OK:\n",
        "    act = run.current_act\n    if answer.result is not Result.REFUSED:\n",
        together="E",
    ),
    Mutant(
        "any measurement is a cure",
        "healed-means-effect",
        _VERIFY,
        _CURE,
        "return len(newest) == wanted",
        together="D",
    ),
    Mutant(
        "a cure needs no measurement",
        "healed-means-measured",
        _VERIFY,
        _CURE,
        _CURE.replace("==", "<="),
        together="H",
    ),
    Mutant(
        "nobody listens to what is measured",
        "nobody-can-tell-means-not-measured",
        _VERIFY,
        "    samples = () if watch is None else watch.samples\n",
        "    samples = ()\n",
        together="G",
    ),
    Mutant(
        "a ticket of a repair does not say how it ended",
        "repair-message-says-the-outcome",
        "services/intake/desk_intake/tickets/evidence.py",
        "        why=data.reason,\n        steps=",
        '        why="",\n        steps=',
        together="F",
    ),
)
