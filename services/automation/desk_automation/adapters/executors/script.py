"""Runs a script of one folder, confined: no shell, bounded, in an empty folder, ended as a whole.

The content is the reviewed one or it is not run: what is hashed is what is copied and executed. A
process that outlives its script is ended too, whichever group or session it went to.
"""

import asyncio
import contextlib
import hashlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from desk_charter.command_requests import ScriptRequest
from desk_contracts.message import message

from desk_automation.actions.answer import Answer
from desk_automation.actions.command import CommandAction, fill_argument, fill_arguments
from desk_automation.actions.executor import Fence
from desk_automation.actions.model import Attempt, Call
from desk_automation.actions.template import Values
from desk_automation.adapters.executors.command_reply import CommandReply, Output, answer_of
from desk_automation.adapters.executors.script_launch import CANNOT_START, MARK
from desk_automation.adapters.executors.secrets import Secrets, Unsealed
from desk_automation.adapters.executors.sending import Refused, Sending, carry_out

_LAUNCH = str(Path(__file__).with_name("script_launch.py"))
_MEBIBYTE = 1024 * 1024
_MOST_BYTES = 4 * _MEBIBYTE
# What is in a pipe when its writer ends takes so long at most, in seconds.
_REST = 0.1
_PATH = "/usr/local/bin:/usr/bin:/bin"


class ScriptAction(CommandAction):
    """One run of one script, by the hash of what was reviewed."""

    script: str
    sha256: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    secrets: dict[str, str]
    cpu_seconds: float
    memory_mib: int
    file_mib: int
    files: int
    processes: int

    def summarize(self) -> str:
        return " ".join(("script", self.script, *self.arguments))


def render_script(request: ScriptRequest, values: Values) -> ScriptAction:
    """The script with every parameter filled in; secrets stay names."""
    kept = request.model_dump(exclude={"reads", "arguments", "environment", "cpu"})
    return ScriptAction(
        **kept,
        cpu_seconds=request.cpu.total_seconds(),
        arguments=fill_arguments(request.arguments, values),
        environment={
            name: fill_argument(text, values) for name, text in request.environment.items()
        },
    )


@dataclass(frozen=True, slots=True)
class Scripts:
    """Where scripts are, and who runs them where this service is root."""

    folder: Path | None = None
    user: int = 65534


class ScriptExecutor:
    """Each attempt is a process of its own with a folder of its own."""

    def __init__(self, scripts: Scripts, secrets: Secrets) -> None:
        self._scripts, self._secrets = scripts, secrets

    def slot_of(self, call: Call) -> str:
        """Runs of one script are limited together."""
        return str(call.action.get("script"))

    async def close(self) -> None:
        """Nothing is held open: what runs is ended with its attempt."""

    async def execute(self, attempt: Attempt, run: str, token: int, fence: Fence) -> Answer:
        """Run it once, and say what its exit code says."""
        unsealed, sending = self._secrets.unseal(), Sending(fence)
        action = ScriptAction.model_validate(attempt.call.action)
        about = {"DESK_RUN": run, "DESK_FENCING_TOKEN": str(token)}
        work = self._run(attempt, action, sending, unsealed, about)
        return await carry_out(attempt, sending, work, unsealed.hide)

    async def _run(
        self,
        attempt: Attempt,
        action: ScriptAction,
        sending: Sending,
        unsealed: Unsealed,
        about: dict[str, str],
    ) -> Answer:
        content = self._read(action)
        mark = token_hex(16)
        environment = {"PATH": _PATH, "LANG": "C.UTF-8", MARK: mark, **about, **action.environment}
        environment |= {name: unsealed.read(of) for name, of in action.secrets.items()}
        with self._place(content) as (program, folder):
            environment |= {"HOME": str(folder), "TMPDIR": str(folder)}
            await sending.leave()
            transport, reading = await asyncio.get_running_loop().subprocess_exec(
                _Reading,
                *(sys.executable, "-I", _LAUNCH, *self._bounds(action), "--"),
                *(str(program), *action.arguments),
                stdin=asyncio.subprocess.DEVNULL,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
            try:
                await reading.has_ended.wait()
            finally:
                _end(transport.get_pid(), mark)
                await asyncio.shield(reading.has_ended.wait())
                transport.close()
            reply = reading.reply(transport.get_returncode())
        if reply.code == CANNOT_START and reply.errors.raw.startswith(mark.encode()):
            sending.is_sent = False
            why = reply.errors.raw.decode(errors="replace").removeprefix(mark).strip()
            raise Refused(message("answer.script-not-startable", script=action.script, why=why))
        return answer_of(attempt, action, reply, unsealed.hide)

    def _read(self, action: ScriptAction) -> bytes:
        """What was reviewed; `Refused` where there is none, or another."""
        if self._scripts.folder is None:
            raise Refused(message("answer.no-scripts", script=action.script))
        try:
            with (self._scripts.folder / action.script).open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise Refused(
                message("answer.script-not-startable", script=action.script, why=why)
            ) from error
        digest = hashlib.sha256(content).hexdigest()
        if digest != action.sha256:
            raise Refused(message("answer.other-script", script=action.script, hash=digest))
        return content

    @contextlib.contextmanager
    def _place(self, content: bytes) -> Iterator[tuple[Path, Path]]:
        """A copy of what was hashed, and an empty folder beside it; both are gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="desk-script-", ignore_cleanup_errors=True) as made:
            place = Path(made)
            program, folder = place / "script", place / "work"
            program.write_bytes(content)
            program.chmod(0o555)
            folder.mkdir(mode=0o700)
            if os.geteuid() == 0:
                os.chown(folder, self._scripts.user, self._scripts.user)
            place.chmod(0o711)
            yield program, folder

    def _bounds(self, action: ScriptAction) -> list[str]:
        numbers = (
            os.getpid(),
            self._scripts.user,
            max(1, round(action.cpu_seconds)),
            action.memory_mib * _MEBIBYTE,
            action.file_mib * _MEBIBYTE,
            action.files,
            action.processes,
        )
        return [str(number) for number in numbers]


class _Reading(asyncio.SubprocessProtocol):
    """Reads until the script itself ends: a process that it left behind may hold its output open,
    and nobody else's output is waited for."""

    def __init__(self) -> None:
        self.has_ended = asyncio.Event()
        self._outputs = {1: Output(), 2: Output()}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._outputs[fd].add(data)

    def process_exited(self) -> None:
        # What it wrote before its end is in the pipes, which are read in this turn of the loop.
        asyncio.get_running_loop().call_later(_REST, self.has_ended.set)

    def reply(self, code: int | None) -> CommandReply:
        reply = CommandReply(out=self._outputs[1], errors=self._outputs[2])
        if code is not None and code < 0:
            reply.signal = signal.Signals(-code).name if -code in _SIGNALS else str(-code)
        else:
            reply.code = code
        return reply


_SIGNALS = {item.value for item in signal.Signals}


def _end(pid: int, mark: str) -> None:
    """End its group, then whatever left the group and still carries the attempt's mark."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    wanted = f"{MARK}={mark}".encode()
    for _ in range(5):  # one may start another while we look
        places = Path("/proc").glob("[0-9]*/environ")
        marked = [int(path.parent.name) for path in places if wanted in _read(path)]
        if not marked:
            return
        for each in marked:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(each, signal.SIGKILL)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it is over, or another user's
        return b""
