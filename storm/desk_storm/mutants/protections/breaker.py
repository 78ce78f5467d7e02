"""The breaker of a runbook: it opens by evidence alone, lets one run try, and is told once."""

from desk_storm.mutants.protection import AUTOMATION, RUNS, UNIT, Protection

_STATISTICS = f"{AUTOMATION}/safety/statistics.py"
_BREAKER = f"{UNIT}/test_breaker.py"
_OPENED = f"{UNIT}/test_breaker_told.py"
_WITHHELD = f"{UNIT}/test_breaker_withholds.py"

PROTECTIONS: tuple[Protection, ...] = (
    Protection(
        "breaker",
        "a cure that is none is tried on one target after the other",
        _STATISTICS,
        "is_open = len(failed) >= bounds.failures or counts.canary == run",
        "is_open = counts.canary == run",
        f"{_BREAKER}::test_the_breaker_opens_with_the_last_failure_allowed_and_no_sooner",
    ),
    Protection(
        "breaker",
        "a try that fails lets the next run try at once",
        _STATISTICS,
        "is_open = len(failed) >= bounds.failures or counts.canary == run",
        "is_open = len(failed) >= bounds.failures",
        f"{_BREAKER}"
        "::test_the_one_that_tries_and_fails_opens_it_anew_even_on_a_target_that_failed_before",
    ),
    Protection(
        "breaker",
        "all runs that waited try at once",
        _STATISTICS,
        'if counts.canary not in {"", run}:',
        "if counts.canary == run:",
        f"{_BREAKER}::test_one_run_tries_and_all_others_wait_for_it",
    ),
    Protection(
        "breaker",
        "one target that cannot be helped stops the repair of all others",
        _STATISTICS,
        "failed = tuple(dict.fromkeys((*counts.failed, ended.target)))[-MAX_COUNTED:]",
        "failed = (*counts.failed, ended.target)[-MAX_COUNTED:]",
        f"{UNIT}/test_limits.py::test_a_breaker_counts_targets_and_not_runs",
    ),
    Protection(
        "breaker",
        "whoever makes devices up stops a runbook for all",
        _STATISTICS,
        "elif outcome in _BAD and ended.has_sent:",
        "elif outcome is not None:",
        f"{UNIT}/test_limits.py::test_made_up_devices_stop_no_runbook_for_others",
    ),
    Protection(
        "breaker",
        "cures that never last go on, since each of them counts as one",
        _STATISTICS,
        "if len(lost) >= bounds.failures:",
        "if len(lost) > MAX_COUNTED:",
        f"{UNIT}/test_relapses.py"
        "::test_relapses_of_several_targets_open_the_breaker_though_cures_come_between",
    ),
    Protection(
        "breaker",
        "a match that an open breaker holds back is forgotten",
        f"{RUNS}/lifecycle.py",
        "return _refuse(run, refused, now)",
        "return skip(run, refused.reason, now)",
        f"{_WITHHELD}::test_another_cause_comes_to_people_once_and_is_counted_from_then_on",
    ),
    Protection(
        "breaker",
        "each match while a breaker is open is one ticket more",
        f"{RUNS}/lifecycle.py",
        "if since is None or refused.holder == run.id:",
        "if True:",
        f"{_WITHHELD}::test_further_matches_of_its_cause_open_no_ticket_and_say_why_and_where",
    ),
    Protection(
        "breaker",
        "a breaker opens and nobody hears of it",
        f"{AUTOMATION}/safety/breaker.py",
        "if since is None and after.opened_at is not None:",
        "if since is None and after.opened_at is None:",
        f"{_OPENED}::test_the_breaker_that_opens_says_who_where_until_when_and_with_which_evidence",
    ),
    Protection(
        "breaker",
        "each try that fails is news to its owner, 48 a day",
        f"{AUTOMATION}/safety/breaker.py",
        "if since is None and after.opened_at is not None:",
        "if after.opened_at not in {None, before.opened_at}:",
        f"{_OPENED}::test_a_try_that_fails_is_no_second_stop_and_a_cure_is_told_with_since_when",
    ),
    Protection(
        "breaker",
        "many equal faults and a repair that is none are one problem, and one is lost",
        "services/triage/desk_triage/problems/stops.py",
        "if (item.runbook, item.stop) == (data.runbook, data.kind)",
        "if item.runbook == data.runbook",
        "tests/unit/triage/problems/test_stops.py"
        "::test_many_equal_faults_and_a_repair_that_is_none_are_two_problems",
    ),
)
