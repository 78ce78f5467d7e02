"""Runs one command on a machine over SSH. No key is believed but those of the runbook.

The far side hands the command to its user's shell, so every argument is quoted for a POSIX shell.
"""

import shlex
from collections.abc import Iterator

from desk_charter.command_requests import SshRequest

from desk_automation.actions.address import fill_host
from desk_automation.actions.answer import Answer
from desk_automation.actions.command import CommandAction, fill_arguments
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Attempt, Call
from desk_automation.actions.template import Values
from desk_automation.adapters.executors.http_hosts import Hosts
from desk_automation.adapters.executors.secrets import Secrets
from desk_automation.adapters.executors.sending import Sending, carry_out


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
    from desk_automation.adapters.executors.ssh_line import is_host_key  # noqa: PLC0415  (imports much)

    for line in request.host_keys:
        fields = line.split()
        if not is_host_key(" ".join(fields[-2:] if line[0] != "@" else fields[2:4])):
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
        from desk_automation.adapters.executors.ssh_line import run_command  # noqa: PLC0415  (as above)

        unsealed, sending = self._secrets.unseal(), Sending(fence)
        action = SshAction.model_validate(attempt.call.action)
        work = run_command(self._hosts, attempt, action, sending, unsealed)
        return await carry_out(attempt, sending, work, unsealed.hide)
