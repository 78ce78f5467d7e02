"""Whether what was measured is well, as the run's plan says; what cannot be told is not."""

from collections.abc import Callable

from desk_platform.telemetry import get_logger

from desk_automation.conditions.expression import Inputs, Undecided, condition
from desk_automation.runs.model import Run

log = get_logger()


def is_well(run: Run) -> Callable[[float], bool]:
    """For any value of its measurement."""
    expected = condition(run.plan.verify.condition if run.plan.verify else "false")

    def is_well_at(value: float) -> bool:
        result = expected.verdict(Inputs({"value": value}))
        if isinstance(result, Undecided):
            log.info("condition_not_decided", condition=expected.text, reason=result.reason)
            return False
        return result

    return is_well_at
