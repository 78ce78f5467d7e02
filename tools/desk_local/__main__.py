"""`python -m desk_local up|down|status|logs|run`: the desk on this machine, for `make`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from desk_platform.terminal import complain, say

from desk_local import lifecycle as bring
from desk_local import state, toolchain, warm
from desk_local.lifecycle import Bringer, Options
from desk_local.paths import Places
from desk_local.processes import CannotStart, last_lines
from desk_local.servers import BACKENDS
from desk_local.services import PORTS, ServiceProcess, default_ports, one_replica
from desk_local.state import Origin, State

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", help="Folder for data, logs and state; DESK_LOCAL or .local if not given."
    ),
]


@app.command()
def up(
    data: Data = None,
    infra: Annotated[
        Origin | None,
        typer.Option(help="Where Kafka and the store come from; found out if not given."),
    ] = None,
    backend: Annotated[
        str,
        typer.Option(
            help="Of the local store: sqlite, a file of each service; or a server that speaks"
            " MongoDB's protocol: h2 keeps, memory forgets."
        ),
    ] = "sqlite",
    services: Annotated[bool, typer.Option(help="Start the five services too.")] = True,
) -> None:
    """Start what does not run yet, wait until it answers, and say where it is."""
    if backend not in BACKENDS:
        _refuse(f"There is no backend {backend}; there are {', '.join(BACKENDS)}.")
    options = Options(infra, backend, with_services=services)
    places = _places(data)
    with _plainly(), state.alone(places):
        running = Bringer(places, typer.echo).up(options)
        _tell(places, running)


@app.command()
def down(data: Data = None) -> None:
    """Stop the services, then the servers; the data stays."""
    places = _places(data)
    with _plainly(), state.alone(places):
        Bringer(places, typer.echo).down()
        say(f"The desk is down. Its data stays in {places.folder}.")


@app.command()
def build() -> None:
    """Fetch and compile the local servers if their sources changed, and run each once."""
    with _plainly():
        toolchain.java()
        toolchain.classpath()
        warm.keep_classes()


@app.command()
def status(data: Data = None) -> None:
    """What runs and what does not; exit code 1 unless everything of the desk does."""
    with _plainly():
        running = state.read(_places(data))
    missing = [name for name in PORTS if running.alive(name) is None]
    for name, server in running.servers.items():
        say(f"{name:<11} {server.address} ({server.origin})")
    for name, entry in running.processes.items():
        alive = "runs" if running.alive(name) else "GONE"
        say(f"{name:<11} {alive}, process {entry.pid}, {entry.address}")
    if missing:
        say(f"Not running: {', '.join(missing)}. Start with: make up")
        raise typer.Exit(1)


@app.command()
def logs(
    name: Annotated[
        str | None, typer.Argument(help="A server or service; all if not given.")
    ] = None,
    data: Data = None,
    lines: Annotated[int, typer.Option(help="How many lines of each.")] = 20,
) -> None:
    """The end of the logs."""
    for log in sorted(_places(data).logs.glob(f"{name or '*'}.log")):
        say(f"==> {log} <==\n{last_lines(log, lines)}")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="intake, triage, ...")], data: Data = None
) -> None:
    """One service in the foreground, on the servers that `up` would use; Ctrl-C ends it."""
    if name not in PORTS:
        _refuse(f"There is no service {name}; there are {', '.join(PORTS)}.")
    places = _places(data)
    with _plainly(), state.alone(places):
        servers = Bringer(places, typer.echo).up(Options(with_services=False)).servers
    if state.read(places).alive(name) is not None:
        _refuse(f"{name} runs already; stop it first: make down")
    around = one_replica(places, servers["kafka"].address, servers["store"].address)
    service = ServiceProcess(name, places, default_ports()[name], around, attached=True)
    os.execvpe(sys.executable, service.command(), {**os.environ, **service.env()})  # noqa: S606


def _tell(places: Places, running: State) -> None:
    say("")
    for name in (*bring.SERVERS, *PORTS):
        if name in running.processes:
            say(f"  {name:<11} {running.processes[name].address}")
        elif name in running.servers:
            say(f"  {name:<11} {running.servers[name].address}")
    say(f"\nLogs: {places.logs}    Stop: make down")


def _places(data: Path | None) -> Places:
    return Places(data.resolve()) if data else Places.default()


@contextmanager
def _plainly() -> Iterator[None]:
    """A problem of the machine is a sentence, not a traceback."""
    try:
        yield
    except CannotStart as problem:
        _refuse(str(problem))


def _refuse(sentence: str) -> NoReturn:
    complain(sentence)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
