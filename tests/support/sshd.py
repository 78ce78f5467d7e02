"""A real OpenSSH server on loopback, in a folder of the test, with keys made for it."""

import os
import pwd
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh
from desk_local.ports import free_ports
from desk_testing import eventually

SSHD = "/usr/sbin/sshd"
MISSING = "sshd is not here; on Debian or Ubuntu: apt install openssh-server"
HOST = "127.0.0.1"

_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile {folder}/sshd.pid
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
MaxStartups 100
PermitRootLogin yes
LogLevel ERROR
"""
_STOPPED_OR_GONE = frozenset({"T", "Z", "X", ""})


def is_installed() -> bool:
    """Whether this machine has an SSH server."""
    return Path(SSHD).exists()


@dataclass
class Sshd:
    """The server, its host's key, and the key that signs in to it."""

    folder: Path
    port: int
    host_key: asyncssh.SSHKey
    user_key: asyncssh.SSHKey
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    async def begin(cls, folder: Path) -> "Sshd":
        """Make its keys and start it."""
        made = cls.prepare(folder)
        await made.start()
        return made

    @classmethod
    def prepare(cls, folder: Path) -> "Sshd":
        """Its keys and its settings."""
        folder.mkdir(parents=True)
        host, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        made = cls(folder, free_ports(1)[0], host, user)
        host.write_private_key(str(folder / "host"))
        (folder / "host").chmod(0o600)
        user.write_public_key(str(folder / "authorized"))
        (folder / "sshd_config").write_text(_CONFIG.format(port=made.port, folder=folder))
        # Where its unprivileged part lives; Debian's service makes it at each boot.
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        return made

    async def start(self) -> None:
        """Start it, and wait until it greets."""
        command = [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        self.process = subprocess.Popen(  # noqa: ASYNC220 (our own server)
            command, start_new_session=True
        )

        async def greets() -> bool:
            try:
                await asyncssh.get_server_host_key(HOST, self.port, config=None)
            except OSError:
                return False
            return True

        await eventually(greets, timeout=30)

    def stop(self) -> None:
        """End it with all its sessions."""
        if self.process is not None:
            self.kill_sessions()
            self.process.kill()
            self.process.wait(timeout=20)
            self.process = None

    def kill_sessions(self) -> None:
        """The lines break; what runs on the far side may go on."""
        self._signal(signal.SIGKILL)

    def pause(self) -> None:
        """Those that are connected hear nothing more, from the moment of return on."""
        self._signal(signal.SIGSTOP)
        for child in self._children():
            while _read_state(child) not in _STOPPED_OR_GONE:
                os.sched_yield()  # its parent is sshd, so nothing tells us of it

    def _signal(self, sent: signal.Signals) -> None:
        for child in self._children():
            with suppress(ProcessLookupError):  # a session that has ended by itself
                os.kill(child, sent)

    def _children(self) -> list[int]:
        assert self.process is not None
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    @property
    def user(self) -> str:
        """Who may sign in: whoever runs the tests."""
        return pwd.getpwuid(os.geteuid()).pw_name

    @property
    def known_host(self) -> str:
        """Its key as a line of known_hosts."""
        return host_line(f"[{HOST}]:{self.port}", self.host_key)

    def private_key(self) -> str:
        """What signs in."""
        return self.user_key.export_private_key().decode()


def host_line(host: str, key: asyncssh.SSHKey, marker: str = "") -> str:
    """A line of known_hosts."""
    return f"{marker}{host} {key.export_public_key().decode().strip()}"


def _read_state(pid: int) -> str:
    """The process's state as Linux names it; empty if there is none any more (proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
