"""How agents' answers are kept, and which events reach them."""

from collections.abc import Iterable

from desk_contracts import AnyEvent, Event
from desk_contracts.events.devices import CommandAnswered
from desk_contracts.names import ACTION_RESULTS
from desk_contracts.topics import identity_retention
from desk_kernel import Context, Decision, Readings
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_automation.devices.decide import record_answer
from desk_automation.devices.model import CommandRecord

COMMANDS = Schema(collection="device_commands", model=CommandRecord)


def command_projection(documents: Documents[CommandRecord]) -> Projection[CommandRecord]:
    """A document for each command that was answered, by its key."""
    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(CommandAnswered)
    def find_command(event: Event[CommandAnswered]) -> Iterable[str]:
        return (event.data.command,)

    def react(
        record: CommandRecord | None, event: AnyEvent, _context: Context
    ) -> Decision[CommandRecord] | None:
        if not isinstance(event.data, CommandAnswered):
            return None
        after = record_answer(record, event.subject, event.data)
        return None if after is None else Decision(after)

    return Projection(documents, keys, react, known_for=identity_retention(ACTION_RESULTS))
