"""Puts the commands together; errors end as a sentence and an exit code, never as a traceback."""

import re
import sys
from importlib.metadata import entry_points

import typer
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)
from desk_contracts.errors import DeskError
from desk_local.processes import CannotStart
from desk_platform.telemetry import configure_logs
from desk_platform.terminal import complain, spoken_here

from desk_cli import audit, charter, dead, export, replay, status, store, tail, topics, trace, why
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
app.command("status")(status.status)
app.command("lag")(status.lag)
app.command("trace")(trace.trace)
# They read files, or name both stores themselves.
_OF_NO_DESK = frozenset({"charter", "import", "store"})
_FORBIDDEN = (
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
    ClusterAuthorizationFailedError,
)
_UNKNOWN_USER = (SaslAuthenticationFailed, AuthenticationFailedError, IllegalSaslStateError)


@app.callback()
def say_which_desk(context: typer.Context) -> None:
    """Look at the experience desk, and put right what went wrong."""
    # Without `main` nobody has chosen a desk.
    if context.obj is not None and context.invoked_subcommand not in _OF_NO_DESK:
        chosen = settings()
        store_url = re.sub("//[^@/]*@", "//***@", chosen.store.url)
        where = f"Kafka {chosen.kafka.bootstrap}, store {store_url}"
        complain(f"Desk: {where} ({context.obj}).")


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
    add_commands()
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
            raise SystemExit(2) from error
        where = settings().kafka.bootstrap
        if (refusal := why_refused(error)) is not None:
            complain(f"The brokers at {where} answer, and refuse this: {refusal}")
            raise SystemExit(4) from error
        complain(
            f"Kafka does not answer at {where} ({error!r}). Is the desk up? Try `make up`, "
            "or set DESK_KAFKA to your brokers."
        )
        raise SystemExit(3) from error


def why_refused(error: Exception) -> str | None:
    """What the brokers do not allow and what to do; None if they refused nothing."""
    kafka = settings().kafka
    user = f"the user {kafka.username}" if kafka.username else "somebody who does not sign in"
    if isinstance(error, _FORBIDDEN):
        return (
            f"{user} may not do it ({error}). Give that user the rights (deploy/k8s has the"
            " operators' user with them), or set DESK_KAFKA_USERNAME to one that has them."
        )
    if isinstance(error, _UNKNOWN_USER):
        return (
            f"they do not believe {user} ({error}). Look at DESK_KAFKA_USERNAME,"
            " DESK_KAFKA_PASSWORD and DESK_KAFKA_SASL_MECHANISM."
        )
    return None
