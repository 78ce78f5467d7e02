"""The line of one attempt over SSH, by asyncssh: its 70 modules are imported once a runbook has a
step that needs them, and not by every automation that starts.

Nothing of this machine is used: no agent, no configuration, no known_hosts, no key of its user.
"""

import asyncio
import shlex
from typing import TYPE_CHECKING

import asyncssh
from asyncssh.constants import OPEN_REQUEST_SESSION_FAILED
from desk_contracts.message import message

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.model import Attempt
from desk_automation.adapters.executors.command_reply import CommandReply, Output, answer_of
from desk_automation.adapters.executors.http_hosts import Hosts, find_allowed_addresses
from desk_automation.adapters.executors.secrets import Unsealed
from desk_automation.adapters.executors.sending import Refused, Sending

if TYPE_CHECKING:  # it imports this module when it needs it
    from desk_automation.adapters.executors.ssh import SshAction

_PART = 32 * 1024
# The library says on its level INFO which command it runs, and keys have no place in any log.
asyncssh.set_log_level("WARNING")


def is_host_key(text: str) -> bool:
    """Whether the library can read it; it passes over what it cannot."""
    try:
        asyncssh.import_public_key(text)
    except asyncssh.KeyImportError:
        return False
    return True


async def run_command(
    hosts: Hosts, attempt: Attempt, action: "SshAction", sending: Sending, unsealed: Unsealed
) -> Answer:
    """Begin it over a line of its own, hear all that it says, and judge it."""
    line = await _connect(hosts, action, _read_key(action.key, unsealed))
    try:
        await sending.leave()
        try:
            process = await line.create_process(
                shlex.join(action.command), stdin=asyncssh.DEVNULL, encoding=None
            )
        except asyncssh.ChannelOpenError as error:
            # While the line stands, this is the far side's own no.
            if line.is_closed() and error.code == OPEN_REQUEST_SESSION_FAILED:
                raise
            return Answer(Result.NOT_TAKEN, message("answer.not-begun", why=error.reason))
        reply = CommandReply()
        await asyncio.gather(_read(process.stdout, reply.out), _read(process.stderr, reply.errors))
        await process.wait_closed()
    finally:
        line.abort()
    if process.exit_signal is not None:
        reply.signal = f"SIG{process.exit_signal[0]}"
    elif process.exit_status is None:
        raise ConnectionError("the line broke before the command's end")
    else:
        reply.code = process.exit_status
    return answer_of(attempt, action, reply, unsealed.hide)


async def _connect(
    hosts: Hosts, action: "SshAction", key: asyncssh.SSHKey
) -> asyncssh.SSHClientConnection:
    addresses = await find_allowed_addresses(hosts, action.host, action.port)
    believed = asyncssh.import_known_hosts("\n".join((*action.host_keys, "")))
    failure: OSError = ConnectionError(f"{action.host} has no address")
    for address in addresses:
        try:
            return await asyncssh.connect(
                address,
                action.port,
                config=None,
                known_hosts=believed,
                host_key_alias=action.host,
                username=action.user,
                client_keys=[key],
                preferred_auth="publickey",
                agent_path=None,
                gss_host=None,
            )
        except asyncssh.HostKeyNotVerifiable as error:
            raise Refused(message("answer.other-host-key", host=action.host)) from error
        except asyncssh.PermissionDenied as error:
            who = message("answer.not-signed-in", host=action.host, user=action.user)
            raise Refused(who) from error
        except OSError as error:
            failure = error
    raise failure


def _read_key(name: str, unsealed: Unsealed) -> asyncssh.SSHKey:
    text = unsealed.read(name)
    try:
        return asyncssh.import_private_key(text + "\n")
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        why = "it is no private key without a passphrase"
        raise Refused(message("answer.bad-secret", name=name, why=why)) from error


async def _read(stream: asyncssh.SSHReader[bytes], output: Output) -> None:
    """To the end, however much comes: what there is no room for is dropped."""
    while part := await stream.read(_PART):
        output.add(part)
