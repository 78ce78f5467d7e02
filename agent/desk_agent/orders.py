"""Carries commands out: each key once, its intent on the disk before, its answer with its outcome.

After a crash what was begun is not done again: the device is asked whether it took place.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from desk_contracts.device_orders import MEASURE, REPORT_OUTCOME, DeviceCommand
from desk_contracts.events.devices import CommandAnswered, CommandIssued, DeviceOutcome
from desk_contracts.events.telemetry import Observed
from desk_contracts.message import Message, message
from desk_contracts.signing import digest_of
from desk_contracts.value_types import SubjectKind

from desk_agent.actions.port import DeviceAction, Effect, Performed
from desk_agent.actions.programs import Programs
from desk_agent.admission import Refusal, check_life, check_origin, read_command
from desk_agent.clock import DeviceClock
from desk_agent.database import Database
from desk_agent.entry import Entry, OrderState
from desk_agent.journal import Journal
from desk_agent.spool import Spool

Measure = Callable[[str], float | None]
# So long a program of an agent that was killed may still work before nobody waits for it.
SURVIVORS_FOR = timedelta(seconds=60)
_OUTCOMES = {
    OrderState.DONE: DeviceOutcome.DONE,
    OrderState.FAILED: DeviceOutcome.FAILED,
    OrderState.NOT_TAKEN: DeviceOutcome.NOT_TAKEN,
    OrderState.REFUSED: DeviceOutcome.REFUSED,
    OrderState.IN_DOUBT: DeviceOutcome.IN_DOUBT,
    OrderState.INTENT: DeviceOutcome.IN_DOUBT,
}


def state_of(performed: Performed) -> OrderState | None:
    """What an order came to; None while it will still show."""
    match performed.effect:
        case Effect.YES:
            return OrderState.DONE
        case Effect.NO:
            return OrderState.REFUSED if performed.is_refused else OrderState.FAILED
        case Effect.UNKNOWN:
            return OrderState.IN_DOUBT
        case Effect.PENDING:
            return None


class Orders:
    """The commands of one device. Not for two threads at once."""

    def __init__(  # noqa: PLR0913 (what it stands between)
        self,
        *,
        device: str,
        pinned: Mapping[str, str],
        database: Database,
        spool: Spool,
        clock: DeviceClock,
        actions: Mapping[str, DeviceAction],
        programs: Programs,
        measure: Measure,
    ) -> None:
        self._device, self._pinned = device, pinned
        self._database, self._spool, self._clock = database, spool, clock
        self.journal = Journal(database)
        self._actions, self._programs, self._measure = actions, programs, measure
        self._began = clock.elapsed()

    def take(self, issued: CommandIssued) -> None:
        """Whatever it is, it is answered; only what may be done is done, and once."""
        command = read_command(issued)
        if command is None:
            self._report_strange(issued, message("device.unreadable-order"))
            return
        digest = digest_of(issued.document)
        refusal = check_origin(issued, command, self._device, self._pinned)
        if refusal is not None:
            self._report_strange(issued, refusal.reason)
            self._answer(command, digest, refusal.outcome, refusal.reason)
            return
        # What became of an order stays so, however late and by whichever sending it comes again.
        before = None if command.is_question else self.journal.find(command.key)
        if before is not None and not self._may_take_again(before, command):
            self.journal.raise_token(command.run, command.token, self._clock.now())
            self._answer_again(before, command, digest)
            return
        trusted = self._clock.is_trusted
        refusal = check_life(command, self._clock.now(), is_trusted=trusted)
        refusal = refusal or self._enter(command)
        if refusal is not None:
            self._answer(command, digest, refusal.outcome, refusal.reason)
        elif command.is_question:
            self._answer_question(command, digest)
        else:
            self._act(command, digest)

    def settle(self) -> None:
        """What was begun and not ended is ended by what the device shows."""
        entries = self.journal.open_entries()
        if not entries:
            return
        is_alone = not self._programs.has_survivors()
        if not is_alone and self._clock.elapsed() - self._began < SURVIVORS_FOR:
            return
        for entry in entries:
            effect = self._probe(entry)
            if effect is Effect.NO and not is_alone:
                effect = Effect.UNKNOWN
            if effect is not Effect.PENDING:
                self._end(entry, *_judge_effect(effect), {})

    def perform(self, entry: Entry) -> Entry:
        """Intent, act, outcome; the entry as it stands afterwards."""
        action = self._actions[entry.action]
        self.journal.record_intent(entry)
        performed = action.perform(entry.parameters, entry.baseline)
        state = state_of(performed)
        if state is not None:
            self._end(entry, state, performed.reason, performed.details)
        return self.journal.find(entry.key) or entry

    def refuse_action(self, name: str, parameters: Mapping[str, str]) -> Message | None:
        """Why this device does not do that; None if its file allows it."""
        action = self._actions.get(name)
        if action is None:
            return message("device.no-such-action", action=name)
        return action.check(parameters)

    def observe(self, name: str, parameters: Mapping[str, str]) -> Mapping[str, str]:
        """What an action has to know of the device before."""
        return self._actions[name].observe(parameters)

    def _act(self, command: DeviceCommand, digest: str) -> None:
        reason = self.refuse_action(command.action, command.parameters)
        if reason is not None:
            self._answer(command, digest, DeviceOutcome.REFUSED, reason)
            return
        self.perform(
            Entry(
                key=command.key,
                action=command.action,
                parameters=command.parameters,
                state=OrderState.INTENT,
                started_at=self._clock.now(),
                command=command,
                digest=digest,
                token=command.token,
                baseline=self.observe(command.action, command.parameters),
            )
        )

    @staticmethod
    def _may_take_again(before: Entry, command: DeviceCommand) -> bool:
        """Only what surely had no effect, and only by a new sending of the same order."""
        is_newer = before.state is OrderState.NOT_TAKEN and command.token > before.token
        return is_newer and before.is_for(command)

    def _answer_again(self, before: Entry, command: DeviceCommand, digest: str) -> None:
        if not before.is_for(command):
            self._answer(command, digest, DeviceOutcome.REFUSED, message("device.key-reused"))
            return
        entry = self._look_again(before)
        reason = entry.reason or message("device.in-doubt")
        self._answer(command, digest, _OUTCOMES[entry.state], reason, entry.details)

    def _look_again(self, entry: Entry) -> Entry:
        """What was in doubt may show by now."""
        if entry.state is OrderState.IN_DOUBT and self._probe(entry) is Effect.YES:
            now = self._clock.now()
            state, reason = _judge_effect(Effect.YES)
            self.journal.record_outcome(entry.key, state, reason, entry.details, now)
            return self.journal.find(entry.key) or entry
        return entry

    def _probe(self, entry: Entry) -> Effect:
        action = self._actions.get(entry.action)
        is_allowed = action is not None and action.check(entry.parameters) is None
        if action is None or not is_allowed:  # the file has changed since
            return Effect.UNKNOWN
        return action.probe(entry.parameters, entry.baseline)

    def _answer_question(self, command: DeviceCommand, digest: str) -> None:
        if command.action == MEASURE:
            name = command.parameters.get("name", "")
            value = self._measure(name)
            if value is None:
                reason = message("device.not-measurable", name=name)
                self._answer(command, digest, DeviceOutcome.FAILED, reason)
                return
            reason = message("device.measured", name=name, value=value)
            details = {"name": name, "value": repr(value)}
            self._answer(command, digest, DeviceOutcome.DONE, reason, details)
            return
        assert command.action == REPORT_OUTCOME  # noqa: S101 (there are two questions)
        self._report_outcome(command, digest)

    def _report_outcome(self, command: DeviceCommand, digest: str) -> None:
        """Of what never came it is said that it will not: the question's token is larger than that
        of every sending before it, and those are refused from now on."""
        entry = self.journal.find(command.parameters.get("command", ""))
        if entry is None:
            reason, details = message("device.no-trace"), {"outcome": "not_taken"}
        else:
            entry = self._look_again(entry)
            reason = entry.reason or message("device.in-doubt")
            details = {**entry.details, "outcome": _OUTCOMES[entry.state].value}
        self._answer(command, digest, DeviceOutcome.DONE, reason, details)

    def _enter(self, command: DeviceCommand) -> Refusal | None:
        """The desk signed it at a moment that is over: kept over a restart, too. Fencing: whoever
        comes with a smaller token than before was given up by the desk."""
        self._clock.raise_floor(command.issued_at)
        now, largest = self._clock.now(), self.journal.largest_token(command.run)
        self._database.write_meta("floor", now.isoformat())
        if command.token < largest:
            return Refusal(message("device.older-token", token=command.token, largest=largest))
        self.journal.raise_token(command.run, command.token, now)
        return None

    def _end(
        self, entry: Entry, state: OrderState, reason: Message, details: Mapping[str, str]
    ) -> None:
        with self._database.write():
            now = self._clock.now()
            self.journal.record_outcome(entry.key, state, reason, details, now)
            if entry.command is not None:
                self._answer(entry.command, entry.digest, _OUTCOMES[state], reason, details)

    def _answer(
        self,
        command: DeviceCommand,
        digest: str,
        outcome: DeviceOutcome,
        reason: Message,
        details: Mapping[str, str] | None = None,
    ) -> None:
        data = CommandAnswered(
            command=command.key,
            run=command.run,
            token=command.token,
            digest=digest,
            action=command.action,
            outcome=outcome,
            reason=reason,
            details=dict(details or {}),
        )
        self._spool.add(data, self._clock.now())

    def _report_strange(self, issued: CommandIssued, reason: Message) -> None:
        """Nobody who has a key sends that: it is worth a look, so telemetry says it too."""
        observed = Observed(
            subject_kind=SubjectKind.DEVICE,
            name="agent.order-refused",
            text=str(reason)[:300],
            attributes={"code": reason.code, "digest": digest_of(issued.document)},
        )
        self._spool.add(observed, self._clock.now())


def _judge_effect(effect: Effect) -> tuple[OrderState, Message]:
    match effect:
        case Effect.YES:
            return OrderState.DONE, message("device.took-place")
        case Effect.NO:
            return OrderState.NOT_TAKEN, message("device.cut-off")
        case Effect.UNKNOWN | Effect.PENDING:
            return OrderState.IN_DOUBT, message("device.in-doubt")
