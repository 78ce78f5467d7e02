"""Waits. The run itself rests until the pause is over and asks only then, so it is durable."""

from datetime import timedelta

from desk_charter.requests import WaitRequest
from desk_contracts.message import message

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Action, Attempt, Call
from desk_automation.actions.template import Values


class WaitAction(Action):
    """A pause between two steps."""

    pause: timedelta

    def summarize(self) -> str:
        return f"wait {self.pause.total_seconds():g} s"


def render_wait(request: WaitRequest, _values: Values) -> WaitAction:
    """The pause; nothing in it depends on the event."""
    return WaitAction(pause=request.pause)


class WaitExecutor:
    """Answers when the pause is over; there is no target, so nothing can be in doubt."""

    async def execute(
        self,
        attempt: Attempt,
        run: str,  # noqa: ARG002
        token: int,  # noqa: ARG002
        fence: Fence,
    ) -> Answer:
        """The pause is over."""
        WaitAction.model_validate(attempt.call.action)
        if not await fence():
            return Answer(Result.NOT_TAKEN, message("answer.taken-over"), is_sent=False)
        return Answer(Result.OK, message("step.waited"), is_met=True)

    def slot_of(self, call: Call) -> None:
        """Any number may wait."""

    async def close(self) -> None:
        """Nothing is held open."""
