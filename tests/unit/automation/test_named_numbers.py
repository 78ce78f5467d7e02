"""Numbers that other tests take from the code by name: what was agreed of them."""

from datetime import timedelta

from tests.support.named_numbers import find_named_numbers

NUMBERS = {
    "desk_automation.actions.redaction.MAX_BYTES": 4096,
    "desk_automation.conditions.cost.MAX_TEXT": 16_384,
    "desk_automation.conditions.cost.MAX_VALUES": 300,
    "desk_automation.inhibition.decide.MAX_OPEN": 1000,
    "desk_automation.pattern_windows.decide.READ_LATER": timedelta(seconds=1),
    "desk_automation.patterns.decide.MOST_WAITING": 100,
    "desk_automation.recurrence.decide.WATCHED": timedelta(days=7),
    "desk_automation.rollouts.model.CALL": timedelta(minutes=3),
    "desk_automation.runs.events.MAX_EVIDENCE_BYTES": 32_768,
    "desk_automation.runs.events.MAX_LINES": 30,
    "desk_automation.runs.model.TOLD_WITHIN": timedelta(days=365),
    "desk_automation.runs.withholding.LONGEST_INHIBITION": timedelta(days=1),
    "desk_automation.safety.statistics.HOUR": timedelta(hours=1),
    "desk_automation.safety.statistics.MAX_STARTS": 200,
    "desk_automation.scopes.decide.HOUR": timedelta(hours=1),
    "desk_automation.service.AT_WORK": 500,
    "desk_automation.verification.decide.LATE": timedelta(days=1),
    "desk_automation.verification.decide.MAX_LATE": 20,
    "desk_automation.verification.decide.MAX_SAMPLES": 30,
    "desk_automation.verification.sample.LONGEST_BEHIND": timedelta(hours=1),
    "desk_automation.windows.decide.MAX_CHANGES": 200,
}


def test_a_number_that_tests_use_by_its_name_is_as_agreed() -> None:
    """Where they test what happens at a bound, nobody else would see that the bound moved."""
    assert find_named_numbers("automation") == NUMBERS
