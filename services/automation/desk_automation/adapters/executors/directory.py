"""Changes accounts in an LDAP directory: lifts a lock, or makes an old password worthless.

A new password is made at the attempt, told to nobody and kept nowhere: the person recovers the
account with a link of the desk's own.
"""

import asyncio
from collections.abc import Callable
from math import ceil
from secrets import token_urlsafe

from desk_charter.requests import DirectoryRequest
from desk_contracts.accounts import Account, Directory, Effect
from desk_contracts.message import message
from desk_platform.directories.ldap_server import LdapServer, open_ldap_directory
from pydantic import SecretStr

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Action, Attempt, Call
from desk_automation.actions.template import Values, fill
from desk_automation.adapters.executors.http_hosts import Hosts, find_allowed_addresses
from desk_automation.adapters.executors.http_reply import Body
from desk_automation.adapters.executors.judgement import judge
from desk_automation.adapters.executors.secrets import Secrets, Unsealed
from desk_automation.adapters.executors.sending import Refused, Sending, carry_out
from desk_automation.conditions.expression import Undecided

Open = Callable[[LdapServer, Callable[[], None]], Directory]
_PORTS = {"tls": 636, "starttls": 389, "none": 389}
# 256 bits, which nobody ever types.
_PASSWORD_BYTES = 32


class DirectoryAction(Action):
    """One change as it goes out; the password of the desk's own account is named, not held."""

    server: str
    port: int
    security: str
    ca: str | None
    base: str
    user: str
    password: str
    person: str
    action: str
    login: str

    def summarize(self) -> str:
        return f"{self.action} {self.login} in {self.server}"


def render_directory(request: DirectoryRequest, values: Values) -> DirectoryAction:
    """The change with its account filled in; what is no account's name finds none."""
    return DirectoryAction(
        **request.model_dump(exclude={"server", "port", "login"}),
        server=request.server.removeprefix("[").removesuffix("]"),
        port=request.port or _PORTS[request.security],
        login=fill(request.login, values),
    )


class DirectoryExecutor:
    """A connection for each question and each change."""

    def __init__(
        self, hosts: Hosts, secrets: Secrets, open_directory: Open = open_ldap_directory
    ) -> None:
        self._hosts, self._secrets, self._open = hosts, secrets, open_directory

    def slot_of(self, call: Call) -> str:
        """Calls to one directory share a slot."""
        return f"{call.action.get('server')}:{call.action.get('port')}"

    async def close(self) -> None:
        """Nothing is held open between attempts."""

    async def execute(
        self,
        attempt: Attempt,
        run: str,  # noqa: ARG002
        token: int,  # noqa: ARG002
        fence: Fence,
    ) -> Answer:
        """Look the account up, then change it."""
        unsealed, sending = self._secrets.unseal(), Sending(fence)
        action = DirectoryAction.model_validate(attempt.call.action)
        work = self._run(attempt, action, sending, unsealed)
        return await carry_out(attempt, sending, work, unsealed.hide)

    async def _run(
        self, attempt: Attempt, action: DirectoryAction, sending: Sending, unsealed: Unsealed
    ) -> Answer:
        loop, timeout = asyncio.get_running_loop(), attempt.call.timeout.total_seconds()

        def leave() -> None:
            asyncio.run_coroutine_threadsafe(sending.leave(), loop).result(timeout)

        await sending.check()
        [address, *_] = await find_allowed_addresses(self._hosts, action.server, action.port)
        directory = self._open(_server(attempt, action, address, unsealed), leave)
        account = await directory.find_account(action.login)
        if attempt.expect:
            return await _tell(attempt, directory, account)
        if account is None:
            raise Refused(message("answer.account-missing", login=action.login))
        if action.action == "reset":
            password = token_urlsafe(_PASSWORD_BYTES)
            return _ANSWERS[await directory.set_password(account, password)]
        return _ANSWERS[await directory.unlock(account)]


_ANSWERS = {
    Effect.DONE: Answer(Result.OK, message("answer.directory-done")),
    Effect.REFUSED: Answer(Result.REFUSED, message("answer.directory-refused")),
    Effect.UNKNOWN: Answer(Result.UNKNOWN, message("answer.directory-silent")),
}


def _server(
    attempt: Attempt, action: DirectoryAction, address: str, unsealed: Unsealed
) -> LdapServer:
    scheme = "ldaps" if action.security == "tls" else "ldap"
    literal = f"[{address}]" if ":" in address else address
    return LdapServer(
        f"{scheme}://{literal}:{action.port}",
        action.base,
        action.user,
        SecretStr(unsealed.read(action.password)),
        action.person,
        starttls=action.security == "starttls",
        ca_text=None if action.ca is None else unsealed.read(action.ca),
        certified_name=action.server,
        timeout_s=ceil(attempt.call.timeout.total_seconds()),
    )


async def _tell(attempt: Attempt, directory: Directory, account: Account | None) -> Answer:
    """`response.status` is 200 or 404, `response.body.locked` whether it is locked."""
    if account is None:
        status, body = 404, Body("", None)
        reason = message("answer.status", status=status, body="")
    else:
        is_locked = await directory.is_locked(account)
        status, body = 200, Body("", {"locked": is_locked})
        reason = message("answer.directory-status", locked="true" if is_locked else "false")
    verdict = judge(attempt.expect, status, body, "")
    if isinstance(verdict, Undecided):
        why = message("answer.not-judged", trouble=verdict.reason, status=status, body="")
        return Answer(Result.UNKNOWN, why)
    return Answer(Result.OK, reason, is_met=verdict)
