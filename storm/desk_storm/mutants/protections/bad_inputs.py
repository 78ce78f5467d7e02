"""Bad inputs, each named by what comes in: files, answers, targets, people and devices."""

from desk_storm.mutants.protection import AUTOMATION, RUNS, UNIT, Protection

_ODD = f"{UNIT}/test_executors_misbehaving.py"

PROTECTIONS: tuple[Protection, ...] = (
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
        f"{AUTOMATION}/conditions/types.py",
        "return problems_in(text, names) or type_problems(text, shapes)",
        "return problems_in(text, names)",
        f"{UNIT}/test_conditions.py::test_a_wrong_runbook_is_refused_with_file_and_line",
    ),
    Protection(
        "hangs",
        "an executor that never ends holds its run for ever",
        f"{RUNS}/worker/driver.py",
        "longest = attempt.call.timeout + self._concurrency.overtime",
        "longest = timedelta(days=1)",
        f"{_ODD}::test_an_executor_that_gives_no_answer_is_left_and_people_are_told",
    ),
    Protection(
        "floods",
        "an executor's endless answer fills the journal",
        f"{RUNS}/worker/calling.py",
        "answer = bound_answer(calling.result())",
        "answer = calling.result()",
        f"{_ODD}::test_a_flood_in_an_answer_is_cut_before_it_is_written_down",
    ),
    Protection(
        "floods",
        "a target's endless answer fills the memory",
        f"{AUTOMATION}/adapters/executors/http.py",
        "if len(sending.reply.raw) > MAX_ANSWER:",
        "if len(sending.reply.raw) > 2**40:",
        f"{UNIT}/test_http_executor.py::test_an_endless_answer_is_not_read_to_its_end",
    ),
    Protection(
        "half",
        "an answer that broke off counts as a whole one",
        f"{AUTOMATION}/adapters/executors/http.py",
        'trouble = "" if failure is None else',
        'trouble = "" if True else',
        f"{UNIT}/test_http_executor.py::test_silence_and_broken_answers_leave_the_effect_unknown",
    ),
    Protection(
        "dies",
        "what may be done once is done again after a death between effect and answer",
        f"{RUNS}/decide.py",
        "if (entry := run.open_act) is not None:",
        "if (entry := run.open_act) is not None and run.cancelled_by:",
        "tests/property/automation/test_crashes.py"
        "::test_death_in_a_call_of_once_leaves_it_in_doubt",
    ),
    Protection(
        "dies",
        "what can be asked about is done again unasked after such a death",
        f"{RUNS}/decide.py",
        'if act.effect == "confirmable" and act.confirm is not None:',
        "if act.confirm is not None and run.cancelled_by:",
        "tests/property/automation/test_crashes.py::test_death_in_a_confirmable_call_asks_first",
    ),
    Protection(
        "flaps",
        "a target that flaps is repaired each time",
        f"{AUTOMATION}/safety/target.py",
        "if ours and max(ours) + ask.cooldown > now:",
        "if not ours and ask.cooldown is None:",
        f"{UNIT}/test_limits.py::test_a_cooldown_holds_the_next_episode_back",
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
        f"{RUNS}/approving.py",
        "if plan != approval.plan:",
        "if not plan:",
        f"{UNIT}/test_approvals.py::test_the_hash_of_another_plan_is_refused_with_what_differs",
    ),
    Protection(
        "other-plan",
        "a plan that was changed after the yes is carried out",
        f"{RUNS}/model.py",
        "return given is not None and given.is_granted and given.plan == self.plan.hash",
        "return given is not None and given.is_granted",
        f"{UNIT}/test_approvals.py"
        "::test_a_plan_that_was_changed_in_the_store_is_not_what_was_approved",
    ),
    Protection(
        "replays",
        "an old answer of an agent answers a new order",
        f"{AUTOMATION}/devices/decide.py",
        "if (answer.device, answer.token, answer.digest) == (device, token, digest)",
        "if answer.device == device",
        f"{UNIT}/test_device_executor.py::test_an_old_answer_that_is_replayed_is_none",
    ),
    Protection(
        "lies",
        "a device that speaks of tomorrow is believed",
        f"{RUNS}/by_device.py",
        "started = min(data.started_at, ended)",
        "started = data.started_at",
        f"{UNIT}/test_devices.py::test_a_device_that_speaks_of_tomorrow_is_not_believed",
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
