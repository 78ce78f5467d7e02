"""Limits of places: no more acts at once than is allowed, and who is urgent waits for no flood."""

from desk_storm.mutants.protection import AUTOMATION, RUNS, UNIT, Protection

_PURE, _RUNS = f"{UNIT}/test_scopes.py", f"{UNIT}/test_scopes_of_runs.py"

PROTECTIONS: tuple[Protection, ...] = (
    Protection(
        "place",
        "three runbooks meet an old system at once",
        f"{AUTOMATION}/scopes/decide.py",
        "    if limit.at_once is not None and len(active) >= limit.at_once:\n",
        "    if limit.at_once is None:\n",
        f"{_PURE}::test_no_more_act_at_once_and_who_waits_has_a_turn",
    ),
    Protection(
        "place",
        "a cure hurts more people than anybody allowed",
        f"{AUTOMATION}/scopes/decide.py",
        "    if concerned + ask.people > most:\n",
        "    if ask.people > most:\n",
        f"{_PURE}::test_people_are_counted_over_all_that_act_at_once",
    ),
    Protection(
        "place",
        "nobody knows how many a run concerns, and it counts as nobody",
        f"{AUTOMATION}/scopes/decide.py",
        "    if ask.people is None:\n",
        "    if ask.people == 0:\n",
        f"{_RUNS}::test_people_are_counted_and_what_concerns_nobody_knows_how_many_goes_to_people",
    ),
    Protection(
        "place",
        "cures that are none go on in one place, each runbook on its own breaker",
        f"{AUTOMATION}/scopes/decide.py",
        "        if limit.failures and (failures >= limit.failures or scope.canary == run):\n",
        "        if not limit.failures:\n",
        f"{_RUNS}::test_a_service_where_cures_fail_is_left_alone_and_people_hear_once_of_each_cause",
    ),
    Protection(
        "place",
        "the place of a run that ended before it acted is taken until its time is over",
        f"{RUNS}/worker/scopes.py",
        "lambda *_: partial(give_back, run=run.id)",
        "lambda *_: partial(give_back, run='')",
        f"{_RUNS}::test_what_ends_before_it_acts_gives_its_place_back",
    ),
    Protection(
        "queue",
        "who is called and held back leaves the place to nobody",
        f"{RUNS}/worker/driver.py",
        "            await self._admissions.call({run.line: 1})\n",
        "            await self._admissions.call({})\n",
        f"{UNIT}/test_lines.py::test_who_is_called_and_held_back_by_a_window_calls_the_next_one",
    ),
    Protection(
        "queue",
        "what became free before a run stood in line is left to chance",
        f"{RUNS}/lifecycle.py",
        "    until = now if is_new else refused.until or look\n",
        "    until = refused.until or look\n",
        f"{UNIT}/test_lines.py::test_who_stands_in_a_line_for_the_first_time_asks_once_more",
    ),
    Protection(
        "queue",
        "a flood of one runbook holds up all others",
        f"{RUNS}/worker/fair_queue.py",
        "(r.priority, picks[r.team], picks[r.team, r.runbook])",
        "(r.priority, r.team, r.runbook)",
        f"{UNIT}/test_fair_queue.py::test_who_comes_later_has_no_turns_saved_up",
    ),
    Protection(
        "queue",
        "who was called loses the room to whoever comes by",
        f"{RUNS}/worker/slots.py",
        "(2 if is_next else 1) * self._per_slot",
        "2 * self._per_slot",
        f"{UNIT}/test_slots.py::test_the_urgent_are_called_and_enter_before_those_that_came_first",
    ),
    Protection(
        "place",
        "people believe that a breaker is open which the charter has lost",
        f"{AUTOMATION}/scopes/worker.py",
        "is_lost = stored.id.startswith(begin) and stored.id not in kept",
        "is_lost = stored.id in kept",
        f"{UNIT}/test_service_breaker_told.py"
        "::test_one_that_the_charter_has_lost_while_it_was_open_is_told_once_and_gone",
    ),
)
