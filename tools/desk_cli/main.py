"""Puts the commands together; errors end as a sentence and an exit code, never as a traceback."""

import asyncio
import logging
import re
import sys

import typer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from desk_contracts.errors import DeskError
from desk_local.processes import CannotStart
from desk_platform.kafka.asking import why_unreachable
from desk_platform.plugins import find_entry_points
from desk_platform.settings import KafkaSettings
from desk_platform.telemetry import configure_logs
from desk_platform.terminal import complain, spoken_here

from desk_cli import (
    audit,
    charter,
    dead,
    export,
    person,
    replay,
    status,
    store,
    tail,
    topics,
    trace,
    why,
)  # fmt: skip
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
app.add_typer(person.app, name="person")
app.command("tail")(tail.tail)
app.command("audit")(audit.audit)
app.command("export")(export.export)
app.command("replay")(replay.replay)
app.command("why")(why.why)
app.command("status")(status.status)
app.command("lag")(status.lag)
app.command("trace")(trace.trace)
# They read files, or name both stores themselves.
_OF_NO_DESK = frozenset({"charter", "import", "runbook", "scenario", "store"})
_FORBIDDEN = (
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
    ClusterAuthorizationFailedError,
)


@app.callback()
def say_which_desk(context: typer.Context) -> None:
    """Look at the experience desk, and put right what went wrong."""
    # Without `main` nobody has chosen a desk.
    if context.obj is not None and context.invoked_subcommand not in _OF_NO_DESK:
        chosen = settings()
        store_url = re.sub("//[^@/]*@", "//***@", chosen.store.url)
        where = f"Kafka {chosen.kafka.bootstrap}, store {store_url}"
        complain(f"Desk: {where} ({context.obj}).")


def add_commands(wanted: str = "") -> None:
    """Commands of installed services: each is an entry point, a function or a group of them.

    Only what is wanted, if it is known: to load all of them takes 0.7 s.
    """
    points = {point.name: point for point in find_entry_points("desk.commands")}
    own = {command.name for command in app.registered_commands}
    own |= {group.name for group in app.registered_groups}
    if wanted in own | points.keys():
        points = {name: point for name, point in points.items() if name == wanted}
    for name, point in sorted(points.items()):
        command = point.load()
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)


def main() -> None:
    """The entry point of `desk`."""
    configure_logs("desk", "ERROR", sys.stderr)
    # What stands in the way is said below, in words.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    add_commands(*sys.argv[1:2])
    try:
        app(obj=adopt_local_desk())
    except CannotStart as problem:
        complain(problem)
        raise SystemExit(2) from problem
    except DeskError as error:
        complain(
            error.message if error.described is None else spoken_here().render(error.described)
        )
        raise SystemExit(2) from error
    except (KafkaError, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            complain(f"{error.filename}: {error.strerror}.")
        else:
            complain(asyncio.run(describe_failure(error, settings().kafka)))
        raise SystemExit(2) from error


async def describe_failure(error: Exception, kafka: KafkaSettings) -> str:
    """Whether the brokers refuse this or are not to be reached, and what to do."""
    user = f"the user {kafka.username}" if kafka.username else "somebody who does not sign in"
    if isinstance(error, _FORBIDDEN):
        return (
            f"The brokers at {kafka.bootstrap} answer, and refuse this: {user} may not do it"
            f" ({error}). Give that user the rights (deploy/k8s has the operators' user with"
            " them), or set DESK_KAFKA_USERNAME to one that has them."
        )
    if (reason := await why_unreachable(kafka)) is not None:
        return f"Kafka cannot be used: {reason}. A desk of this machine is started with `make up`."
    # A port that asks for TLS takes a connection without, and says nothing.
    return (
        f"Kafka at {kafka.bootstrap} takes connections and does not answer ({error!r}). Is"
        f" DESK_KAFKA_SECURITY={kafka.security} what this port asks for?"
    )
