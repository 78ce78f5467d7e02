"""Patterns over time: the log alone decides them, in the events' own time."""

from desk_storm.mutants.protection import AUTOMATION, PROPERTY, UNIT, Protection

_DECIDE = f"{AUTOMATION}/patterns/decide.py"
_WINDOWS = f"{UNIT}/test_pattern_windows.py"
_LAWS = f"{PROPERTY}/test_patterns.py"

PROTECTIONS: tuple[Protection, ...] = (
    Protection(
        "pattern",
        "events that arrive in another order than they happened make another match",
        _DECIDE,
        "_advance(step, occurrence.at - step.when.lateness)",
        "_advance(step, occurrence.at)",
        f"{_WINDOWS}::test_what_happened_first_and_arrives_second_is_a_part_of_the_match",
    ),
    Protection(
        "pattern",
        "what comes after its time was judged changes what was found",
        _DECIDE,
        "if window.read_until is not None and occurrence.at <= window.read_until:",
        "if window.read_until is not None and occurrence.arrived <= window.read_until:",
        f"{_WINDOWS}::test_late_events_and_those_in_quiet_time_are_left_out_and_counted",
    ),
    Protection(
        "pattern",
        "whether a timer fired before the next event came decides what is found",
        _DECIDE,
        "    _elapse(step, occurrence.arrived)\n    _take(step, occurrence)",
        "    _take(step, occurrence)",
        f"{_LAWS}::test_timers_change_nothing_however_late_events_are",
    ),
    Protection(
        "pattern",
        "a timer judges what is still on its way to the log",
        f"{AUTOMATION}/pattern_windows/decide.py",
        "windows = elapse(windows, rule.runbook, rule.when, now - READ_LATER)",
        "windows = elapse(windows, rule.runbook, rule.when, now)",
        f"{_WINDOWS}::test_a_timer_judges_nothing_that_may_still_be_on_its_way",
    ),
    Protection(
        "pattern",
        "who is late with the beginning is late with the end, and its silence counts",
        _DECIDE,
        "due = at + _find_behind(item) + step.when.lateness",
        "due = at + step.when.lateness",
        f"{_WINDOWS}::test_who_is_late_with_the_beginning_is_waited_for_as_long_at_the_end",
    ),
    Protection(
        "pattern",
        "a trouble that ended counts as one that lasts",
        _DECIDE,
        "if 1 in item.parts or is_over:",
        "if 1 in item.parts:",
        f"{_WINDOWS}::test_what_ends_before_its_time_starts_nothing",
    ),
    Protection(
        "pattern",
        "a match that is found again after a death begins its run anew",
        f"{AUTOMATION}/pattern_windows/worker.py",
        "            if state is not None:\n                return None",
        "            if state is not None and state.id != run:\n                return None",
        f"{_WINDOWS}::test_a_match_whose_run_was_written_before_a_death_starts_no_second_one",
    ),
    Protection(
        "pattern",
        "a log that is read days later repairs what was wrong then",
        f"{AUTOMATION}/matching/decide.py",
        "if now - (matched_at or event.time) > policy.stale:",
        "if matched_at is None and now - event.time > policy.stale:",
        f"{_WINDOWS}::test_a_match_of_a_log_that_is_read_much_later_repairs_nothing",
    ),
    Protection(
        "pattern",
        "events that were counted for another pattern count for the edited one",
        _DECIDE,
        "if window is None or window.version != version:",
        "if window is None:",
        f"{_WINDOWS}::test_a_pattern_that_was_changed_begins_anew",
    ),
    Protection(
        "pattern",
        "a subject that flaps is repaired at each turn",
        _DECIDE,
        "if len(recent) >= flap.changes:",
        "if len(recent) > 2 * flap.changes:",
        f"{_WINDOWS}::test_a_match_while_its_subject_flaps_starts_nothing_and_is_counted",
    ),
    Protection(
        "pattern",
        "a subject that talks without end fills its document",
        _DECIDE,
        "while len(step.window.waiting) > MOST_WAITING:",
        "while len(step.window.waiting) > 9 * MOST_WAITING:",
        f"{_LAWS}::test_however_many_come_at_once_few_are_kept",
    ),
)
