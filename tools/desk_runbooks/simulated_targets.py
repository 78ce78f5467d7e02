"""Targets that pretend: they answer as a scenario says, keep idempotency keys and count effects."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from desk_automation.actions.answer import Answer, Result, result_of
from desk_automation.actions.executor import Executor, Fence
from desk_automation.actions.model import Attempt, Call
from desk_automation.adapters.executors.wait import WaitExecutor
from desk_automation.conditions.expression import Inputs, Undecided, condition
from desk_contracts.message import message

from desk_runbooks.scenario import WORDS, Response, SimulatedTarget

OnCall = Callable[[str, Attempt, str], None]


@dataclass
class TargetState:
    """One target: what it will answer, and what was done to it."""

    model: SimulatedTarget
    calls: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    effects: Counter[str] = field(default_factory=Counter)

    @property
    def is_changed(self) -> bool:
        """Whether any act had its effect."""
        return bool(self.effects)

    def respond(self, attempt: Attempt) -> Response:
        """The next of the answers that are written for this step."""
        answers = self.model.answers.get(attempt.step, ("done",))
        number = min(self.calls[attempt.step], len(answers) - 1)
        self.calls[attempt.step] += 1
        answer = answers[number]
        response = WORDS[answer] if isinstance(answer, str) else answer
        if attempt.kind == "act" and response.effect and attempt.key not in self.keys:
            self.keys.add(attempt.key)
            self.effects[attempt.step] += 1
        return response


@dataclass
class SimulatedTargets:
    """All targets of a scenario, as the executor of every kind of action but `wait`."""

    targets: dict[str, TargetState]
    subject_of: Callable[[str], Awaitable[str]]
    on_call: OnCall

    def around(self, executor: Executor) -> Executor:
        """In place of an executor; pauses are real, on the virtual clock."""
        return executor if isinstance(executor, WaitExecutor) else _Simulated(self, executor)

    @property
    def effects(self) -> int:
        """How often targets were changed, in all."""
        return sum(target.effects.total() for target in self.targets.values())


class _Simulated:
    def __init__(self, world: SimulatedTargets, executor: Executor) -> None:
        self._world, self._executor = world, executor

    def slot_of(self, call: Call) -> str | None:
        return self._executor.slot_of(call)

    async def close(self) -> None:
        await self._executor.close()

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer:  # noqa: ARG002
        if not await fence():
            return Answer(Result.NOT_TAKEN, message("answer.taken-over"), is_sent=False)
        subject = await self._world.subject_of(run)
        target = self._world.targets.get(subject)
        if target is None:
            answer = answer_of(WORDS["no-connection"], attempt)
        else:
            answer = answer_of(target.respond(attempt), attempt)
        self._world.on_call(subject, attempt, answer.result.value)
        return answer


def answer_of(response: Response, attempt: Attempt) -> Answer:
    """What the desk makes of such an answer, by the same classes as a real one's."""
    timeout = attempt.call.timeout.total_seconds()
    if not response.sent:
        return Answer(Result.NOT_TAKEN, message("answer.not-connected", why=""), is_sent=False)
    if response.status is None:
        return Answer(Result.UNKNOWN, message("answer.none-in-time", timeout=timeout))
    status = message("answer.status", status=response.status, body=str(response.body or ""))
    result = result_of(response.status, is_act=attempt.kind == "act")
    if not attempt.expect or result in {Result.NOT_TAKEN, Result.UNKNOWN}:
        return Answer(result, status)
    inputs = Inputs({"response": {"status": response.status, "body": response.body}})
    verdict = condition(attempt.expect).verdict(inputs)
    if isinstance(verdict, Undecided):
        body = str(response.body or "")
        reason = message(
            "answer.not-judged", trouble=verdict.reason, status=response.status, body=body
        )
        return Answer(Result.UNKNOWN, reason)
    if verdict or result is Result.OK:
        return Answer(Result.OK, status, is_met=verdict)
    return Answer(result, status)


def states_of(models: Sequence[SimulatedTarget]) -> dict[str, TargetState]:
    """The targets by name."""
    return {name: TargetState(model) for model in models for name in model.names()}
