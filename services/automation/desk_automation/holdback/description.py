"""What can be said of a runbook beside natural recovery, and that nothing can."""

from desk_contracts.message import Message, Param, message

from desk_automation.holdback.model import Comparison, Difference


def describe_difference(
    difference: Difference | None, comparison: Comparison, least: int
) -> Message:
    """Too few, better, worse, or both possible."""
    if difference is None:
        acted, waited = comparison.acts.decided, comparison.waits.decided
        return message("recovery.not-known", acted=acted, waited=waited, least=least)
    facts: dict[str, Param] = {
        "acted": difference.acted,
        "natural": difference.natural,
        "beyond": difference.beyond,
        "low": difference.low,
        "high": difference.high,
    }
    if difference.low > 0:
        return message("recovery.beyond", **facts)
    if difference.high < 0:
        return message("recovery.less", **facts)
    return message("recovery.may-be-none", **facts)
