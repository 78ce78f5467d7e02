"""Runs one command on a machine over SSH. No key is believed but those of the runbook.

The far side hands the command to its user's shell, so every argument is quoted for a POSIX shell.
Nothing of this machine is used: no agent, no configuration, no known_hosts, no key of its user.
"""

import asyncio
import shlex
from collections.abc import Iterator

import asyncssh
from asyncssh.constants import OPEN_REQUEST_SESSION_FAILED
from desk_charter.command_requests import SshRequest
from desk_contracts.message import message

from desk_automation.actions.address import fill_host
from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.command import CommandAction, fill_arguments
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Attempt, Call
from desk_automation.actions.template import Values
from desk_automation.adapters.executors.command_reply import CommandReply, Output, answer_of
from desk_automation.adapters.executors.http_hosts import Hosts, find_allowed_addresses
from desk_automation.adapters.executors.secrets import Secrets, Unsealed
from desk_automation.adapters.executors.sending import Refused, Sending, carry_out

_PART = 32 * 1024
# The library says on its level INFO which command it runs, and keys have no place in any log.
asyncssh.set_log_level("WARNING")


class SshAction(CommandAction):
    """One command as it goes out; the key is named, not held."""

    host: str
    port: int
    user: str
    key: str
    host_keys: tuple[str, ...]
    command: tuple[str, ...]

    def summarize(self) -> str:
        return f"ssh {self.user}@{self.host}:{self.port} {shlex.join(self.command)}"


def render_ssh(request: SshRequest, values: Values) -> SshAction:
    """The command with every parameter filled in."""
    return SshAction(
        **request.model_dump(exclude={"reads", "host", "command"}),
        host=fill_host(request.host, values).removeprefix("[").removesuffix("]"),
        command=fill_arguments(request.command, values),
    )


def find_bad_host_keys(request: SshRequest) -> Iterator[tuple[tuple[str, ...], str]]:
    """Lines that have the form of a host's key and hold none: the library passes over them."""
    for line in request.host_keys:
        fields = line.split()
        try:
            asyncssh.import_public_key(" ".join(fields[-2:] if line[0] != "@" else fields[2:4]))
        except asyncssh.KeyImportError:
            yield ("host_keys",), f"'{line[:60]}…' holds no key that can be read; copy it anew"


class SshExecutor:
    """A connection for each attempt, so that a key is as fresh as its file."""

    def __init__(self, hosts: Hosts, secrets: Secrets) -> None:
        self._hosts, self._secrets = hosts, secrets

    def slot_of(self, call: Call) -> str:
        """Commands on one machine share a slot."""
        return f"{call.action.get('host')}:{call.action.get('port')}"

    async def close(self) -> None:
        """Nothing is held open between attempts."""

    async def execute(
        self,
        attempt: Attempt,
        run: str,  # noqa: ARG002
        token: int,  # noqa: ARG002
        fence: Fence,
    ) -> Answer:
        """Run it once, and say what its exit code says."""
        unsealed, sending = self._secrets.unseal(), Sending(fence)
        action = SshAction.model_validate(attempt.call.action)
        work = self._run(attempt, action, sending, unsealed)
        return await carry_out(attempt, sending, work, unsealed.hide)

    async def _run(
        self, attempt: Attempt, action: SshAction, sending: Sending, unsealed: Unsealed
    ) -> Answer:
        line = await self._connect(action, _read_key(action.key, unsealed))
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
            await asyncio.gather(
                _read(process.stdout, reply.out), _read(process.stderr, reply.errors)
            )
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
        self, action: SshAction, key: asyncssh.SSHKey
    ) -> asyncssh.SSHClientConnection:
        addresses = await find_allowed_addresses(self._hosts, action.host, action.port)
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
