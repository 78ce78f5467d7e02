"""The failure modes of automation and its bad inputs: a row for each line that protects from one.

F1 to F17 are what automation elsewhere got wrong; docs/runbooks.md says where. The others are named
by what comes in.
"""

from desk_storm.mutants.protection import Protection

_AUTOMATION = "services/automation/desk_automation"
_RUNS = f"{_AUTOMATION}/runs"
_UNIT = "tests/unit/automation"
_ODD = f"{_UNIT}/test_executors_misbehaving.py"
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
        "F6",
        "a run for which a target's list of waiting ones has no room is forgotten",
        f"{_RUNS}/lifecycle.py",
        'changes = {"phase": Phase.QUEUED, "timer_at": until, "reason": refused.reason}',
        'changes = {"phase": Phase.QUEUED, "timer_at": refused.until, "reason": refused.reason}',
        f"{_UNIT}/test_limits.py::test_of_more_runs_than_a_target_remembers_none_is_dropped",
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
    Protection(
        "F17",
        "the calls inside of one attempt each take the time of the whole",
        f"{_AUTOMATION}/adapters/executors/sending.py",
        "async with asyncio.timeout(attempt.call.timeout.total_seconds()):",
        "async with asyncio.timeout(None):",
        f"{_ODD}::test_all_calls_of_one_attempt_share_its_timeout",
    ),
    Protection(
        "F17",
        "a run goes on long after its deadline",
        f"{_RUNS}/decide.py",
        "if run.deadline is not None and now > run.deadline:",
        "if run.deadline is None:",
        f"{_ODD}::test_a_run_past_its_deadline_sends_nothing_more",
    ),
    Protection(
        "unreadable",
        "a runbook that cannot be read takes the last good charter away",
        "shared/charter/desk_charter/watch.py",
        "except InvalidCharter as invalid:\n            await self._refuse(invalid",
        "except ZeroDivisionError as invalid:\n            await self._refuse(invalid",
        "tests/unit/charter/test_watch.py"
        "::test_an_invalid_charter_is_refused_once_and_the_last_good_stays",
    ),
    Protection(
        "type-error",
        "a condition whose types never fit is loaded and waits for ever",
        f"{_AUTOMATION}/matching/charter.py",
        "return problems_in(text, names) or type_problems(text, shapes)",
        "return problems_in(text, names)",
        f"{_UNIT}/test_conditions.py::test_a_wrong_runbook_is_refused_with_file_and_line",
    ),
    Protection(
        "hangs",
        "an executor that never ends holds its run for ever",
        f"{_RUNS}/worker/driver.py",
        "longest = attempt.call.timeout + self._concurrency.overtime",
        "longest = timedelta(days=1)",
        f"{_ODD}::test_an_executor_that_gives_no_answer_is_left_and_people_are_told",
    ),
    Protection(
        "floods",
        "an executor's endless answer fills the journal",
        f"{_RUNS}/worker/calling.py",
        "answer = bound_answer(calling.result())",
        "answer = calling.result()",
        f"{_ODD}::test_a_flood_in_an_answer_is_cut_before_it_is_written_down",
    ),
    Protection(
        "floods",
        "a target's endless answer fills the memory",
        f"{_AUTOMATION}/adapters/executors/http.py",
        "if len(sending.reply.raw) > MAX_ANSWER:",
        "if len(sending.reply.raw) > 2**40:",
        f"{_UNIT}/test_http_executor.py::test_an_endless_answer_is_not_read_to_its_end",
    ),
    Protection(
        "half",
        "an answer that broke off counts as a whole one",
        f"{_AUTOMATION}/adapters/executors/http.py",
        'trouble = "" if failure is None else',
        'trouble = "" if True else',
        f"{_UNIT}/test_http_executor.py::test_silence_and_broken_answers_leave_the_effect_unknown",
    ),
    Protection(
        "dies",
        "what may be done once is done again after a death between effect and answer",
        f"{_RUNS}/decide.py",
        'if act is None or act.effect == "once":',
        "if act is None:",
        "tests/property/automation/test_crashes.py"
        "::test_death_in_a_call_of_once_leaves_it_in_doubt",
    ),
    Protection(
        "flaps",
        "a target that flaps is repaired each time",
        f"{_AUTOMATION}/safety/target.py",
        "if ours and max(ours) + ask.cooldown > now:",
        "if not ours and ask.cooldown is None:",
        f"{_UNIT}/test_limits.py::test_a_cooldown_holds_the_next_episode_back",
    ),
    Protection(
        "flaps",
        "an alert that flaps is a new trouble each time",
        "services/triage/desk_triage/detection/alerts.py",
        "return len(alert.changes) >= FLAP_CHANGES",
        "return len(alert.changes) < 0",
        "tests/unit/triage/detection/test_alerts.py"
        "::test_a_flapping_alert_is_held_open_until_it_is_quiet",
    ),
    Protection(
        "other-plan",
        "a yes to another plan lets this one act",
        f"{_RUNS}/approving.py",
        "if plan != approval.plan:",
        "if not plan:",
        f"{_UNIT}/test_approvals.py::test_the_hash_of_another_plan_is_refused_with_what_differs",
    ),
    Protection(
        "other-plan",
        "a plan that was changed after the yes is carried out",
        f"{_RUNS}/model.py",
        "return given is not None and given.is_granted and given.plan == self.plan.hash",
        "return given is not None and given.is_granted",
        f"{_UNIT}/test_approvals.py"
        "::test_a_plan_that_was_changed_in_the_store_is_not_what_was_approved",
    ),
    Protection(
        "replays",
        "an old answer of an agent answers a new order",
        f"{_AUTOMATION}/devices/decide.py",
        "if (answer.device, answer.token, answer.digest) == (device, token, digest)",
        "if answer.device == device",
        f"{_UNIT}/test_device_executor.py::test_an_old_answer_that_is_replayed_is_none",
    ),
    Protection(
        "lies",
        "a device that speaks of tomorrow is believed",
        f"{_RUNS}/by_device.py",
        "started = min(data.started_at, ended)",
        "started = data.started_at",
        f"{_UNIT}/test_devices.py::test_a_device_that_speaks_of_tomorrow_is_not_believed",
    ),
    Protection(
        "lies",
        "an order lives as long as the device's own clock says",
        "agent/desk_agent/admission.py",
        "    if command.expires <= now:\n",
        "    if command.expires <= now and not is_trusted:\n",
        "tests/unit/agent/test_orders.py"
        "::test_a_clock_that_is_hours_off_neither_keeps_an_order_alive_nor_kills_it",
    ),
)
