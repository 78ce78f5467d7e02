"""`python -m desk_manifests`: keeps `deploy/k8s` in step with code and charter."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from desk_charter import load_charter
from desk_contracts.errors import DeskError
from desk_platform.terminal import complain, say

from desk_manifests.files import differences, files, write_files
from desk_manifests.rendering import render as rendered

app = typer.Typer(
    no_args_is_help=True,
    help="Keep deploy/k8s in step with the code and the charter.",
    pretty_exceptions_enable=False,
)
Folder = Annotated[Path, typer.Option(help="Folder of the charter, from the project's root.")]
Root = Annotated[Path, typer.Option(help="The project's root.")]


@app.command()
def write(charter: Folder = Path("charter"), root: Root = Path()) -> None:
    """Write topics, Kafka users, scaling and the charter's ConfigMaps."""
    written = write_files(root, files(load_charter(root / charter), root, charter))
    say("\n".join(map(str, written)) or "Nothing to change.")


@app.command()
def check(charter: Folder = Path("charter"), root: Root = Path()) -> None:
    """Name each file that `write` would change; exit code 1 if there is any."""
    stale = list(differences(root, files(load_charter(root / charter), root, charter)))
    for path in stale:
        complain(f"{path} is out of date; run: python -m desk_manifests write")
    raise typer.Exit(bool(stale))


@app.command()
def render(folder: Path) -> None:
    """Print what `kubectl apply -k FOLDER` would apply."""
    sys.stdout.write(rendered(folder))  # desk-skip: raw-terminal YAML escapes what acts


def main() -> None:
    """Errors end as a sentence and exit code 2."""
    try:
        app()
    except (DeskError, ValueError) as error:
        complain(f"{error}")
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
