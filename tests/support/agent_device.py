"""A device in a folder: its agent's parts on real files and real programs, and the desk's key."""

import base64
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from desk_agent.actions.programs import Programs
from desk_agent.actions.registry import open_actions
from desk_agent.autonomy import Autonomy
from desk_agent.clock import DeviceClock
from desk_agent.config import AgentConfig, read_config
from desk_agent.database import Database
from desk_agent.orders import Orders
from desk_agent.sensors import Sensors
from desk_agent.spool import Spool
from desk_contracts import Payload
from desk_contracts.device_orders import (
    Bound,
    DeviceCommand,
    DevicePolicy,
    sign_command,
    sign_policy,
)
from desk_contracts.events.devices import CommandAnswered, CommandIssued, PolicyIssued
from desk_contracts.ids import new_id
from desk_contracts.signing import Signer

DEVICE = "laptop-7"
QUOTA = 100_000
PRIVATE_KEY = base64.b64encode(bytes(range(32))).decode()
SIGNER = Signer(PRIVATE_KEY)
STRANGER = Signer(base64.b64encode(bytes(32)).decode())
P = TypeVar("P", bound=Payload)


def write_program(file: Path, *lines: str) -> Path:
    """A program that the agent may run."""
    file.write_text("\n".join(("#!/bin/sh", *lines, "")), encoding="utf-8")
    file.chmod(0o755)
    return file


@dataclass
class Folder:
    """The device's files: a disk with a quota, a service that counts its starts, a boot number."""

    root: Path

    def __post_init__(self) -> None:
        self.disk.mkdir(parents=True, exist_ok=True)
        self.starts.touch()
        if not self.boot.exists():
            self.boot.write_text("boot-1", encoding="utf-8")
        self.restart_with(f"echo start >> {self.starts}")
        self.reboot_with(f"echo boot-2 > {self.boot}", consent="exit 0")

    @property
    def disk(self) -> Path:
        return self.root / "disk" / "caches"

    @property
    def starts(self) -> Path:
        return self.root / "starts"

    @property
    def boot(self) -> Path:
        return self.root / "boot"

    def restart_with(self, *lines: str) -> None:
        """What the restart of the service does; its identity is how often it began."""
        write_program(self.root / "restart", *lines)
        write_program(self.root / "identity", f"wc -l < {self.starts}")

    def reboot_with(self, *lines: str, consent: str) -> None:
        write_program(self.root / "reboot", *lines)
        write_program(self.root / "consent", consent)

    @property
    def count_of_starts(self) -> int:
        return len(self.starts.read_text(encoding="utf-8").splitlines())

    def fill(self, *names: str, size: int = 20_000, age: timedelta = timedelta(days=3)) -> None:
        """Old files."""
        for name in names:
            file = self.disk / name
            file.write_bytes(b"x" * size)
            at = time.time() - age.total_seconds()
            os.utime(file, (at, at))

    def files(self) -> set[str]:
        return {path.name for path in self.disk.iterdir()}

    def write_config(self, kafka: str = "127.0.0.1:9", prefix: str = "", **tables: object) -> Path:
        """The agent's file."""
        file = self.root / "agent.toml"
        text = json.dumps
        lines = [
            f"device = {text(DEVICE)}",
            f"state = {text(str(self.root / 'state'))}",
            f"public_keys = [{text(SIGNER.public_key)}]",
            'person = "ana"',
            "connect_every = 2",
            "[kafka]",
            f"servers = {text(kafka)}",
            'security = "PLAINTEXT"',
            f"topic_prefix = {text(prefix)}",
            "[telemetry]",
            "every = 0.3",
            f"disk = {text(str(self.disk))}",
            f"quota_bytes = {QUOTA}",
            "[clean.caches]",
            f"path = {text(str(self.disk))}",
            "older_than = 86400",
            "[restart.spooler]",
            f"run = [{text(str(self.root / 'restart'))}]",
            f"identity = [{text(str(self.root / 'identity'))}]",
            "[restart.blind]",
            f"run = [{text(str(self.root / 'restart'))}]",
            "[reboot]",
            f"run = [{text(str(self.root / 'reboot'))}]",
            f"consent = [{text(str(self.root / 'consent'))}]",
            f"identity_file = {text(str(self.boot))}",
        ]
        for name, table in tables.items():
            lines += [f"[{name}]", *(f"{key} = {text(v)}" for key, v in dict(table).items())]  # type: ignore[call-overload]
        file.write_text("\n".join(lines), encoding="utf-8")
        return file


@dataclass
class Times:
    """Both clocks of the device, moved by the test."""

    wall: datetime = field(default_factory=lambda: datetime.now(UTC))
    elapsed: timedelta = timedelta(hours=1)

    def advance(self, pause: timedelta) -> None:
        self.wall += pause
        self.elapsed += pause

    def clock(self, floor: datetime | None = None) -> DeviceClock:
        return DeviceClock(floor, lambda: self.wall, lambda: self.elapsed)


@dataclass
class Device:
    """The agent's parts without its link; `restart` is another life of it on the same files."""

    folder: Folder
    times: Times = field(default_factory=Times)
    programs: Programs | None = None

    def __post_init__(self) -> None:
        self.config: AgentConfig = read_config(self.folder.write_config())
        self.restart()

    def restart(self) -> None:
        config = self.config
        self.database = Database(config.state / "agent.db")
        self.clock = self.times.clock()
        self.clock.anchor(self.times.wall)
        most = config.spool.most_measurements
        signer = config.read_signer()
        self.spool = Spool(self.database, config.device, config.source, most, signer)
        self.sensors = Sensors(config, self.database)
        if self.programs is not None:  # the kernel does so when a process ends
            os.close(self.programs._lock)
        self.programs = programs = Programs(config.state / "children.lock")
        self.orders = Orders(
            device=config.device,
            pinned=config.pinned,
            database=self.database,
            spool=self.spool,
            clock=self.clock,
            actions=open_actions(config, programs, self.clock),
            programs=programs,
            measure=self.sensors.read,
        )
        self.autonomy = Autonomy(
            device=config.device,
            pinned=config.pinned,
            database=self.database,
            spool=self.spool,
            clock=self.clock,
            orders=self.orders,
            measure=self.sensors.read,
        )

    def take(self, command: DeviceCommand, signer: Signer = SIGNER) -> CommandAnswered:
        """The newest answer."""
        return self.take_issued(issue(command, signer))

    def take_issued(self, issued: CommandIssued) -> CommandAnswered:
        self.orders.take(issued)
        return self.answers()[-1]

    def answers(self) -> list[CommandAnswered]:
        return self.spooled(CommandAnswered)

    def spooled(self, kind: type[P]) -> list[P]:
        return [event.data for _, event in self.spool.read() if isinstance(event.data, kind)]


def issue(command: DeviceCommand, signer: Signer = SIGNER) -> CommandIssued:
    signed = sign_command(signer, command)
    return CommandIssued(document=signed.document, key_id=signed.key_id, signature=signed.signature)


def issue_policy(policy: DevicePolicy, signer: Signer = SIGNER) -> PolicyIssued:
    signed = sign_policy(signer, policy)
    return PolicyIssued(document=signed.document, key_id=signed.key_id, signature=signed.signature)


def order(
    action: str = "restart-service",
    *,
    at: datetime,
    key: str = "",
    token: int = 1,
    run: str = "run-1",
    device: str = DEVICE,
    life: timedelta = timedelta(seconds=60),
    **parameters: str,
) -> DeviceCommand:
    """A command as automation gives it."""
    return DeviceCommand(
        key=key or new_id(),
        device=device,
        action=action,
        parameters=parameters,
        run=run,
        token=token,
        issued_at=at,
        expires=at + life,
    )


def clean_policy(at: datetime, *, version: int = 1, per_day: int = 3) -> DevicePolicy:
    """Clean below half of the disk free, after a minute without the desk."""
    return DevicePolicy(
        id="clean-ahead",
        version=version,
        device=DEVICE,
        title="Free space",
        team="workplace",
        measurement="disk.free.percent",
        bound=Bound.BELOW,
        threshold=50,
        samples=2,
        offline_for=timedelta(seconds=1),
        action="clean-disk",
        parameters={"folder": "caches"},
        cooldown=timedelta(minutes=10),
        per_day=per_day,
        expires=at + timedelta(days=30),
    )


def codes(answers: Iterable[CommandAnswered]) -> list[str]:
    return [answer.reason.code for answer in answers]
