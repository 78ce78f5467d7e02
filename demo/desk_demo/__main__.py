"""`python -m desk_demo`: plays the day on the running desk and says what came true."""

import argparse
import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import httpx
from aiokafka import AIOKafkaConsumer
from desk_cli.local_desk import adopt_local_desk
from desk_cli.screen import Screen, TextTable, style
from desk_contracts import Codec
from desk_contracts.ids import new_id
from desk_local.ports import free_ports
from desk_platform.kafka.producer import KafkaPublisher
from desk_platform.settings import load_settings
from desk_platform.telemetry import configure_logs
from desk_platform.terminal import complain
from rich.live import Live

from desk_demo.access import Callers, DemoSettings
from desk_demo.desk import Desk, next_events
from desk_demo.live_view import render
from desk_demo.player import Player
from desk_demo.story import read_story
from desk_demo.summary import checks, is_complete
from desk_demo.watching import Watched

STORY = Path(__file__).resolve().parents[1] / "day.yaml"


def main() -> None:
    """Play, show, judge."""
    parser = argparse.ArgumentParser(prog="desk_demo", description=__doc__)
    parser.add_argument("--story", type=Path, default=STORY)
    parser.add_argument("--run", default="", help="what its people and devices are named after")
    parser.add_argument("--plain", action="store_true", help="lines instead of a live board")
    given = parser.parse_args()
    configure_logs("demo", "ERROR", sys.stderr)
    plain = given.plain or not sys.stdout.isatty()
    whose = adopt_local_desk()
    chosen = load_settings(DemoSettings)
    complain(f"Desk: Kafka {chosen.kafka.bootstrap}, intake {chosen.intake_url} ({whose}).")
    raise SystemExit(
        asyncio.run(play(given.story, given.run or new_id()[-6:], chosen, is_plain=plain))
    )


async def play(path: Path, run: str, chosen: DemoSettings, *, is_plain: bool) -> int:
    """The whole evening; 0 if everything came true."""
    story, watched, console = read_story(path, run), Watched(run), Screen(width=132)
    kafka, started = chosen.kafka, monotonic()
    publisher = KafkaPublisher(chosen.publishing, "demo")
    async with publisher, httpx.AsyncClient(timeout=15) as http:
        callers = Callers(http, chosen.sign_in.audience, chosen.token_url, chosen.password)
        desk = Desk(http, callers, publisher, kafka, chosen.intake_url, chosen.triage_url)
        player = Player(desk, watched, story)
        async with desk.audience() as consumer:
            with devices(path, run):
                watching = asyncio.create_task(_watch(consumer, player, console, is_plain=is_plain))
                await player.play()
                await player.eventually(lambda: is_complete(player))
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
    return _judge(player, console, monotonic() - started)


async def _watch(
    consumer: AIOKafkaConsumer, player: Player, console: Screen, *, is_plain: bool
) -> None:
    codec, started, caption, events = Codec(), monotonic(), "", 0
    live = Live(console=console, refresh_per_second=5, screen=False)
    if not is_plain:
        live.start()
    try:
        while True:
            for event in await next_events(consumer, codec):
                before = len(player.watched.seen)
                player.watched.add(event)
                events += len(player.watched.seen) - before
            if is_plain and player.caption != caption:
                caption = player.caption
                console.print(caption)
            if not is_plain:
                live.update(render(player.watched, player.caption, monotonic() - started))
    finally:
        if not is_plain:
            live.stop()


def _judge(player: Player, console: Screen, seconds: float) -> int:
    table = TextTable("", "what should happen", "what was seen", title="The day in short")
    results = checks(player)
    for check in results:
        mark = style("✓", "green") if check.is_true else style("✗", "red")
        table.add_line(mark, check.expected, check.seen)
    console.print(table)
    watched = player.watched
    problems = "problem" if len(watched.problems) == 1 else "problems"
    console.print(
        f"{len(watched.tickets)} tickets, {len(watched.repairs)} repairs, "
        f"{len(watched.problems)} {problems}, {sum(watched.messages.values())} messages to "
        f"{len(watched.told_people)} people and {len(watched.team_messages)} teams, "
        f"{len(watched.seen)} events in {seconds:.0f} s."
    )
    for text in player.missing:
        console.print(style(text, "red"))
    return 0 if all(check.is_true for check in results) else 1


@contextmanager
def devices(story: Path, run: str) -> Iterator[None]:
    """The process that plays the laptops; it ends with the story."""
    port = str(free_ports(1)[0])
    command = [sys.executable, "-m", "desk_demo.devices", str(story), run, port]
    process = subprocess.Popen(command)  # noqa: S603 (our own module)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)


if __name__ == "__main__":
    main()
