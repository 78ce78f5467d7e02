"""Removal by age: no run goes that is needed, and none that went runs again."""

from desk_storm.mutants.protection import AUTOMATION, PROPERTY, RUNS, UNIT, Protection

_ORDERS = f"{PROPERTY}/test_removal.py"
_OVER = f"{UNIT}/test_over.py"

PROTECTIONS: tuple[Protection, ...] = (
    Protection(
        "removal",
        "a signal that is read again starts the run that was removed",
        f"{AUTOMATION}/matching/worker.py",
        "if is_forgotten(event.time, context.now):",
        "if False:",
        f"{_ORDERS}::test_no_order_of_events_and_removals_runs_twice_or_loses_a_run",
    ),
    Protection(
        "removal",
        "a pattern of old signals starts the run that was removed",
        f"{AUTOMATION}/pattern_windows/worker.py",
        "if is_forgotten(match.at, context.now):",
        "if False:",
        f"{UNIT}/test_pattern_windows.py"
        "::test_a_match_that_is_too_old_leaves_no_run_since_its_own_may_have_been_removed",
    ),
    Protection(
        "removal",
        "what a device did is recorded again after its run was removed",
        f"{AUTOMATION}/matching/worker.py",
        "if event.time < context.now - TOLD_WITHIN:",
        "if False:",
        f"{UNIT}/test_devices.py::test_what_a_device_tells_after_more_than_a_year_is_not_recorded",
    ),
    Protection(
        "removal",
        "a run goes whose target or record is not settled",
        f"{RUNS}/model.py",
        "if self.ended_at is None or not (self.has_ended and is_settled):",
        "if self.ended_at is None or not self.has_ended:",
        f"{_OVER}::test_a_run_is_over_once_it_has_ended_and_all_is_settled",
    ),
    Protection(
        "removal",
        "a run goes before the events that made it are refused",
        "shared/kernel/desk_kernel/retention.py",
        "return now - max(kept, FORGOTTEN_AFTER + _MARGIN)",
        "return now - kept",
        f"{_ORDERS}::test_what_may_be_removed_is_made_by_events_that_are_forgotten_from_then_on",
    ),
    Protection(
        "removal",
        "what a document has still to tell goes with it",
        "shared/platform/desk_platform/store/removal.py",
        "if since is not None and since <= horizon and document.is_at_rest:",
        "if since is not None and since <= horizon:",
        "tests/contract/store/test_removal.py"
        "::test_what_is_over_and_old_goes_and_nothing_else[fake]",
    ),
)
