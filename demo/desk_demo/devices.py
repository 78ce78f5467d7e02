"""The laptops of the story: a process whose folders really fill up and are really cleaned.

It plays the endpoint agent: it measures, publishes telemetry, and offers one action over HTTP that
keeps idempotency keys. The desk knows nothing of it but what it publishes.
"""

import argparse
import asyncio
import shutil
import signal
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from desk_contracts import Codec, Event
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import new_id
from desk_contracts.value_types import SubjectKind
from desk_platform.kafka.producer import KafkaPublisher
from desk_platform.settings import load_settings
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

from desk_demo.access import DemoSettings
from desk_demo.story import Device, read_story

DISK_BYTES = 4 * 1024 * 1024
FILE_BYTES = 128 * 1024
CACHES = ("update-cache", "crash-dumps", "recycle-bin")


@dataclass
class Laptop:
    """One device and its disk, a folder with a size of its own."""

    device: Device
    disk: Path
    keys: set[str] = field(default_factory=set)

    def prepare(self) -> None:
        """Documents that stay, caches that may go: about half the disk."""
        for name in (*CACHES, "documents"):
            (self.disk / name).mkdir(parents=True)
        for number in range(12):
            (self.disk / "documents" / f"{number}.bin").write_bytes(b"\0" * FILE_BYTES)

    def free_percent(self) -> float:
        """Measured on the real files."""
        used = sum(file.stat().st_size for file in self.disk.rglob("*") if file.is_file())
        return round(max(0.0, 100.0 * (DISK_BYTES - used) / DISK_BYTES), 1)

    def fill(self) -> None:
        """One more file in the cache, as long as there is room."""
        if self.free_percent() > 4:
            target = self.disk / "update-cache" / f"{new_id()}.bin"
            target.write_bytes(b"\0" * FILE_BYTES)

    def clean(self, what: list[str]) -> int:
        """Delete the caches named; the number of bytes that became free."""
        files = [file for name in what for file in (self.disk / name).glob("*.bin")]
        freed = sum(file.stat().st_size for file in files)
        for file in files:
            file.unlink()
        return freed

    def fill_all(self) -> None:
        """A runaway log takes all there is."""
        while self.free_percent() > 4:
            self.fill()


class CleanDisk(BaseModel):
    """The body of the one action that these agents know."""

    device: str
    what: list[str]


def agent_app(laptops: dict[str, Laptop]) -> FastAPI:
    """The agents' HTTP side."""
    app = FastAPI(title="Endpoint agents of the demo")

    @app.post("/v1/actions/clean-disk")
    async def clean(order: CleanDisk, idempotency_key: str = Header()) -> dict[str, object]:
        laptop = laptops.get(order.device)
        if laptop is None:
            raise HTTPException(404, f"there is no device {order.device}")
        if idempotency_key in laptop.keys:
            return {"freed": 0, "repeated": True}
        laptop.keys.add(idempotency_key)
        freed = laptop.clean([name for name in order.what if name in CACHES])
        if laptop.device.runaway:
            laptop.fill_all()
        return {"freed": freed, "repeated": False}

    @app.get("/devices")
    async def show() -> dict[str, float]:
        return {name: laptop.free_percent() for name, laptop in laptops.items()}

    return app


async def live(laptop: Laptop, agent: str, publisher: KafkaPublisher, codec: Codec) -> None:
    """Once a second: perhaps fill the disk a little, measure it, tell the desk."""
    second = 0
    while True:
        begin = laptop.device.starts_filling
        is_filling = begin is not None and begin <= second < begin + 14
        if is_filling and not laptop.keys:
            for _ in range(2):
                laptop.fill()
        measured = Measured(
            subject_kind=SubjectKind.DEVICE,
            name="disk.free.percent",
            value=laptop.free_percent(),
            unit="%",
            service="laptop",
            person=laptop.device.person,
            attributes={"agent_url": agent},
        )
        event = Event(
            id=new_id(),
            source="/demo/endpoint-agent",
            subject=laptop.device.name,
            time=datetime.now(UTC),
            data=measured,
        )
        await publisher.publish([codec.encode(event)])
        await asyncio.sleep(1)
        second += 1


async def run(story: Path, name: str, port: int) -> None:
    """All devices of the story until killed; the folders go with the process."""
    folder = Path(tempfile.mkdtemp(prefix="desk-demo-"))
    laptops = {
        device.name: Laptop(device, folder / device.name)
        for device in read_story(story, name).devices
    }
    kafka = load_settings(DemoSettings).publishing
    publisher, codec = KafkaPublisher(kafka, "demo-agents"), Codec()
    try:
        for laptop in laptops.values():
            laptop.prepare()
        config = uvicorn.Config(agent_app(laptops), host="127.0.0.1", port=port, log_level="error")
        async with publisher, asyncio.TaskGroup() as group:
            group.create_task(uvicorn.Server(config).serve())
            for laptop in laptops.values():
                agent = f"http://127.0.0.1:{port}"
                group.create_task(live(laptop, agent, publisher, codec))
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """`python -m desk_demo.devices STORY RUN PORT`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("story", type=Path)
    parser.add_argument("run")
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    # The end of the story; a shell's background job would have it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        asyncio.run(run(given.story, given.run, given.port))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
