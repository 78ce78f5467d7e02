"""Whether an answer is the expected one: true, false, or it cannot be told."""

from desk_automation.adapters.executors.http_reply import Body
from desk_automation.conditions.expression import Inputs, Undecided, condition


def judge(expect: str, status: int, body: Body, trouble: str) -> bool | Undecided:
    """`expect` over `response.status` and, where nothing is wrong with it, `response.body`."""
    seen: dict[str, object] = {"status": status}
    if not trouble:
        seen["body"] = body.value
    return condition(expect).verdict(Inputs({"response": seen}))
