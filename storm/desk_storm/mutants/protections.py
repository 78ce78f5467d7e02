"""The failure modes of automation and its bad inputs: a row for each line that protects from one.

F1 to F17 are what automation of others is known to have got wrong; docs/runbooks.md tells of each.
"""

from desk_storm.mutants.protection import Protection

_AUTOMATION = "services/automation/desk_automation"
_RUNS = f"{_AUTOMATION}/runs"
_UNIT = "tests/unit/automation"
_CURE = "return len(newest) == wanted and all(is_well(sample.value) for sample in newest)"

PROTECTIONS: tuple[Protection, ...] = (
    Protection(
        "F1",
        "a repair begins although its trouble is over, and stops what is well again",
        f"{_RUNS}/worker/driver.py",
        "return run.trigger.episode in (await self._subject(run)).cleared",
        "return run.trigger.episode in ()",
        f"{_UNIT}/test_engine.py::test_a_signal_that_clears_in_time_repairs_nothing",
    ),
    Protection(
        "F2",
        "the lock of a target counts as held where nobody can ask for it",
        f"{_RUNS}/worker/driver.py",
        "refusal = await self._admissions.find_refusal(run)",
        "refusal = await attempt_async(self._admissions.find_refusal(run)) and None",
        f"{_UNIT}/test_limits.py::test_without_the_store_of_locks_nothing_starts",
    ),
    Protection(
        "F2",
        "two runbooks act on one target at once",
        f"{_AUTOMATION}/safety/target.py",
        "if target.holder and (target.held_until is None or target.held_until > now):",
        "if target.holder and target.held_until is None:",
        f"{_UNIT}/test_limits.py::test_two_runbooks_never_act_on_one_target_at_once",
    ),
    Protection(
        "F3",
        "a worker that was given up still writes what it did",
        f"{_RUNS}/journal.py",
        "if run.lease is None or run.lease.token != token:\n        return _record_late",
        "if run.lease is None:\n        return _record_late",
        "tests/property/automation/test_crashes.py::test_a_result_under_an_old_token_is_refused",
    ),
    Protection(
        "F3",
        "a worker that was given up still sends",
        f"{_RUNS}/worker/driver.py",
        "if run is None or run.lease is None or run.lease.token != token:",
        "if run is None:",
        f"{_UNIT}/test_two_workers.py"
        "::test_a_worker_that_was_given_up_sends_nothing_while_another_is_at_work",
    ),
    Protection(
        "F4",
        "a store that is away for a while strands what was due",
        "shared/platform/desk_platform/kafka/timers.py",
        "if failures + 1 >= MAX_FAILURES and not isinstance(error, Transient):",
        "if failures + 1 >= MAX_FAILURES:",
        "tests/unit/bus/test_failing_timers.py::test_what_is_only_contended_is_never_given_up",
    ),
    Protection(
        "F5",
        "a run whose worker died is never looked at again",
        f"{_RUNS}/journal.py",
        '"timer_at": now + holder.term,',
        '"timer_at": None,',
        "tests/property/automation/test_crashes.py"
        "::test_death_in_a_call_sends_it_again_under_the_same_key",
    ),
    Protection(
        "F5",
        "a run waits for ever for a yes that nobody gives",
        f"{_RUNS}/approving.py",
        "if approval is None or now >= approval.until:",
        "if approval is None:",
        f"{_UNIT}/test_approvals.py::test_silence_is_no_and_people_get_the_run",
    ),
    Protection(
        "F6",
        "what exceeds a limit is dropped, and nobody hears of it",
        f"{_RUNS}/lifecycle.py",
        'reason = message("run.would-wait-too-long", why=refused.reason)\n'
        "        return escalate(run, Outcome.NOT_RUN, reason, now)",
        'reason = message("run.would-wait-too-long", why=refused.reason)\n'
        "        return skip(run, reason, now)",
        f"{_UNIT}/test_limits.py::test_a_limit_that_lasts_longer_than_the_queue_reaches_people",
    ),
    Protection(
        "F7",
        "a step that answered counts as a cure",
        f"{_RUNS}/verdict.py",
        _CURE,
        "return len(newest) == wanted",
        f"{_UNIT}/test_engine.py::test_samples_that_stay_bad_are_escalated_as_not_healed",
    ),
    Protection(
        "F8",
        "no data counts as health",
        f"{_RUNS}/verdict.py",
        _CURE,
        _CURE.replace("==", "<="),
        f"{_UNIT}/test_engine.py::test_no_data_is_never_health",
    ),
    Protection(
        "F8",
        "what was measured before the repair counts as health",
        f"{_AUTOMATION}/verification/sample.py",
        "if sample.seen_at > acted_at and find_measured_at(sample, ahead) > acted_at",
        "if sample.seen_at > acted_at",
        f"{_UNIT}/test_engine.py::test_old_measurements_and_fast_clocks_prove_nothing",
    ),
    Protection(
        "F11",
        "a restart forgets how often a target was repaired",
        f"{_AUTOMATION}/safety/target.py",
        '"history": (*kept, PastRun(run=ask.run, runbook=ask.runbook, at=now)),',
        '"history": kept,',
        f"{_UNIT}/test_limits.py::test_limits_survive_a_restart",
    ),
    Protection(
        "F12",
        "two replicas whose timers fire for one run send it twice",
        f"{_RUNS}/worker/driver.py",
        "return decide(run, now) if next_action(run, now) == action else None",
        "return decide(run, now)",
        f"{_UNIT}/test_two_workers.py::test_what_another_replica_did_meanwhile_is_not_done_again",
    ),
    Protection(
        "F13",
        "a runbook that is edited changes a run under way",
        f"{_AUTOMATION}/matching/worker.py",
        "if run is not None or runbook is None:",
        "if runbook is None:",
        f"{_UNIT}/test_engine.py::test_a_runbook_edited_under_way_changes_nothing_in_the_run",
    ),
    Protection(
        "F14",
        "one condition that cannot be decided ends the reading of all signals",
        f"{_AUTOMATION}/conditions/expression.py",
        "except Exception as error:  # noqa: BLE001 (the library says nowhere what it raises)",
        "except ZeroDivisionError as error:",
        f"{_UNIT}/test_conditions.py::test_what_cannot_be_decided_does_not_hold",
    ),
    Protection(
        "F14",
        "a source that fails takes its service with it",
        "shared/platform/desk_platform/supervision.py",
        "            failures += 1\n            self._report",
        "            raise error\n            self._report",
        "tests/unit/supervision/test_supervisor.py"
        "::test_a_loop_that_fails_begins_again_and_health_says_so",
    ),
    Protection(
        "F15",
        "a duration without a unit is read as somebody's unit",
        "shared/charter/desk_charter/value_types.py",
        "raise ValueError(f\"{text} has no unit; write for example '{text}m' or '{text}s'\")",
        "return timedelta(seconds=float(text))",
        "tests/unit/charter/test_words.py::test_a_duration_without_a_clear_unit_is_refused",
    ),
    Protection(
        "F16",
        "a runbook with a misspelt attribute is loaded and never matches",
        f"{_AUTOMATION}/conditions/expression.py",
        "    if field is None:\n        return [_unknown((*before, rest[0]), model.model_fields)]",
        "    if field is None:\n        return []",
        f"{_UNIT}/test_conditions.py::test_a_condition_that_would_never_match_is_refused",
    ),
)
