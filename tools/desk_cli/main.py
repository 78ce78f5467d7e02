"""Puts the commands together; errors end as a sentence and an exit code, never as a traceback."""

import sys
from importlib.metadata import entry_points

import typer
from aiokafka.errors import KafkaError
from desk_contracts.errors import DeskError
from desk_platform.telemetry import configure_logs
from desk_platform.terminal import complain, spoken_here

from desk_cli import audit, charter, dead, export, replay, store, tail, topics, why
from desk_cli.local_desk import adopt_local_desk
from desk_cli.options import settings

app = typer.Typer(
    no_args_is_help=True,
    help="Look at the experience desk, and put right what went wrong.",
    pretty_exceptions_enable=False,
)
app.add_typer(topics.app, name="topics")
app.add_typer(dead.app, name="dead")
app.add_typer(charter.app, name="charter")
app.add_typer(store.app, name="store")
app.command("tail")(tail.tail)
app.command("audit")(audit.audit)
app.command("export")(export.export)
app.command("replay")(replay.replay)
app.command("why")(why.why)


def add_commands(group: str = "desk.commands") -> None:
    """Commands of installed services: each is an entry point, a function or a group of them."""
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        command = point.load()
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=point.name)
        else:
            app.command(point.name)(command)


def main() -> None:
    """The entry point of `desk`."""
    configure_logs("desk", "ERROR", sys.stderr)
    adopt_local_desk()
    add_commands()
    try:
        app()
    except DeskError as error:
        complain(
            error.message if error.described is None else spoken_here().render(error.described)
        )
        raise SystemExit(2) from error
    except (KafkaError, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            complain(f"{error.filename}: {error.strerror}.")
            raise SystemExit(2) from error
        where = settings().kafka.bootstrap
        complain(
            f"Kafka does not answer at {where} ({error!r}). Is the desk up? Try `make up`, "
            "or set DESK_KAFKA to your brokers."
        )
        raise SystemExit(3) from error
