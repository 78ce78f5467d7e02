"""How agents' answers are kept, and which events reach them."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from desk_contracts import AnyEvent, Event
from desk_contracts.device_orders import DevicePolicy
from desk_contracts.events.devices import AgentConnected, CommandAnswered
from desk_contracts.names import ACTION_RESULTS
from desk_contracts.signing import Signer
from desk_contracts.topics import identity_retention
from desk_kernel import Context, Decision, Readings, Reducers
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_automation.devices.decide import connect, record_answer
from desk_automation.devices.model import CommandRecord, DeviceRecord

# A command lives for an hour at most, and nobody asks for its answer after its run.
ANSWERS_KEPT = timedelta(days=31)
COMMANDS = Schema(
    collection="device_commands",
    model=CommandRecord,
    kept="by age: 31 days after the last answer",
    over=lambda record: record.noted_at,
)
DEVICES = Schema(
    collection="devices",
    model=DeviceRecord,
    kept="one for each agent",
)
# The policies of the charter in force for a device.
PoliciesOf = Callable[[str], Iterable[DevicePolicy]]


def command_projection(documents: Documents[CommandRecord]) -> Projection[CommandRecord]:
    """A document for each command that was answered, by its key."""
    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(CommandAnswered)
    def find_command(event: Event[CommandAnswered]) -> Iterable[str]:
        return (event.data.command,)

    def react(
        record: CommandRecord | None, event: AnyEvent, context: Context
    ) -> Decision[CommandRecord] | None:
        if not isinstance(event.data, CommandAnswered):
            return None
        after = record_answer(record, event.subject, event.data, context.now)
        return None if after is None else Decision(after)

    return Projection(documents, keys, react, known_for=identity_retention(ACTION_RESULTS))


def device_projection(
    documents: Documents[DeviceRecord], policies_of: PoliciesOf, signer: Signer | None
) -> Projection[DeviceRecord]:
    """A document for each device with an agent, which gets the policies that it does not have."""
    react = Reducers[DeviceRecord | None, [Context], Decision[DeviceRecord] | None](
        lambda _record, _event, _context: None
    )
    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(AgentConnected)
    def find_device(event: Event[AgentConnected]) -> Iterable[str]:
        return (event.subject,)

    @react.on(AgentConnected)
    def meet(
        record: DeviceRecord | None, event: Event[AgentConnected], context: Context
    ) -> Decision[DeviceRecord] | None:
        return connect(record, event, policies_of(event.subject), signer, context.now)

    return Projection(documents, keys, react, known_for=identity_retention(ACTION_RESULTS))
