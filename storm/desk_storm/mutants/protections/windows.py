"""Windows, announced changes and open signals: nothing begins in them, nothing is forgotten."""

from desk_storm.mutants.protection import AUTOMATION, RUNS, UNIT, Protection

_RESTRAINTS = f"{UNIT}/test_restraints.py"

PROTECTIONS: tuple[Protection, ...] = (
    Protection(
        "window",
        "a run that was let in acts in a freeze that began since",
        f"{RUNS}/worker/hindrances.py",
        "if run.has_sent:",
        "if not run.has_sent:",
        f"{_RESTRAINTS}::test_a_run_let_in_before_a_freeze_does_not_begin_an_act_in_it",
    ),
    Protection(
        "window",
        "what waited for the end acts on what was measured before it",
        f"{RUNS}/withholding.py",
        "newest = fresh(samples, held.over_at)[-verify.samples :]",
        "newest = samples[-verify.samples :]",
        f"{_RESTRAINTS}::test_only_what_is_measured_after_the_end_counts_and_else_people_get_it",
    ),
    Protection(
        "window",
        "people are asked for a yes while nothing may be done",
        f"{RUNS}/worker/driver.py",
        "is_asked = isinstance(action, AwaitApproval | AwaitConsent)",
        "is_asked = not isinstance(action, Admit)",
        f"{_RESTRAINTS}::test_nobody_is_asked_for_a_yes_in_a_window",
    ),
    Protection(
        "window",
        "an announced change is no window",
        f"{AUTOMATION}/windows/decide.py",
        "        *_of_changes(planned, affected, now),\n",
        "",
        f"{_RESTRAINTS}::test_an_announced_change_is_a_window_until_it_is_finished",
    ),
    Protection(
        "window",
        "the weekly hours of an old system are no window",
        f"{AUTOMATION}/windows/decide.py",
        "        *_of_service(service, affected, now),\n",
        "",
        f"{_RESTRAINTS}::test_weekly_windows_of_a_service_are_windows",
    ),
    Protection(
        "window",
        "an announced change without an end stops all repairs for months",
        f"{AUTOMATION}/windows/model.py",
        "return is_short and self.starts <= at < self.closes",
        "return self.starts <= at < self.closes",
        f"{_RESTRAINTS}::test_a_change_without_an_end_in_sight_or_with_none_is_no_window",
    ),
    Protection(
        "window",
        "what a person starts by hand changes what a freeze forbids",
        f"{RUNS}/withholding.py",
        'return not run.trigger.requested_by or kind == "freeze"',
        "return not run.trigger.requested_by or not kind",
        f"{UNIT}/test_by_person.py::test_a_freeze_holds_it_back_and_maintenance_does_not",
    ),
    Protection(
        "window",
        "a run that waits for a window keeps its target from others",
        f"{RUNS}/worker/driver.py",
        "if back is not None and back.withheld is not None:",
        "if back is not None and back.withheld is None:",
        f"{_RESTRAINTS}"
        "::test_a_run_that_steps_back_gives_its_turn_to_another_and_asks_its_guard_again",
    ),
    Protection(
        "window",
        "a guard that was asked before a window is believed after it",
        f"{RUNS}/withholding.py",
        '"position": position, "guarded": 0, "deadline": None',
        '"position": position, "deadline": None',
        f"{_RESTRAINTS}"
        "::test_a_run_that_steps_back_gives_its_turn_to_another_and_asks_its_guard_again",
    ),
    Protection(
        "window",
        "time in a window uses up the time for its turn",
        f"{RUNS}/withholding.py",
        '"queue_until": run.queue_until + (until - now),\n'
        '        "withheld": Withheld(since=since)',
        '"withheld": Withheld(since=since)',
        f"{_RESTRAINTS}::test_what_waited_for_a_window_has_as_long_for_its_turn_as_before",
    ),
    Protection(
        "window",
        "a run that waits says nothing, or says it at each look",
        f"{RUNS}/withholding.py",
        "if run.withheld is None else ()",
        "if run.withheld is not None else ()",
        f"{_RESTRAINTS}::test_a_match_that_waits_acts_after_the_window_once_it_is_measured_ill",
    ),
    Protection(
        "window",
        "a signal that nobody watches any more holds runs back for ever",
        f"{AUTOMATION}/inhibition/decide.py",
        "@follow.on(SignalCleared, SignalDropped)",
        "@follow.on(SignalCleared)",
        f"{UNIT}/test_inhibition.py::test_a_signal_whose_watcher_has_gone_holds_nothing_back",
    ),
    Protection(
        "window",
        "a run holds itself back, since its own trouble is open",
        f"{AUTOMATION}/inhibition/decide.py",
        "signal.signal in signals and signal.episode != episode",
        "signal.signal in signals",
        f"{UNIT}/test_inhibition.py::test_signals_of_others_do_not_inhibit",
    ),
)
