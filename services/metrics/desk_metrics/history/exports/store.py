"""Opens what an import reads: mappings and export files, plain or gzipped.

Nothing here is kept beyond one record.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from desk_charter.documents import parse_document
from desk_contracts.errors import Invalid, NotFound
from pydantic import ValidationError

from desk_metrics.adapters.history_files import FORMATS, choose_format
from desk_metrics.adapters.history_files.container import DAMAGED, Bounds, open_export
from desk_metrics.history.exports.forms import Order
from desk_metrics.history.exports.mapping import Mapping
from desk_metrics.history.exports.model import Export, ExportRecord
from desk_metrics.history.exports.text import to_utf8

BUILT_IN = Path(__file__).parent / "mappings"


def read_records(
    path: Path,
    mapping: Mapping,
    bounds: Bounds = Bounds(),  # noqa: B008 (frozen)
    on_header: Callable[[list[str]], None] = lambda _names: None,
) -> Iterator[ExportRecord]:
    """Every record of the file, good and broken, in the order of the file.

    `on_header` is called with the columns of a table before its first record.
    """
    if not path.is_file():
        raise NotFound(f"There is no file '{path}'.")
    row = 0
    export = Export(path, mapping, on_header)
    try:
        with open_export(path, bounds) as packed:
            chunks = to_utf8(packed, mapping.encoding)
            head = next(chunks, b"")
            kind = choose_format(head, export, FORMATS)
            for record in kind.read(chain([head], chunks), export):
                row = record.row
                yield record
    except DAMAGED as error:
        yield ExportRecord(row + 1, broken=f"the gzipped file is cut off or damaged: {error}")


def load_mapping(
    name: str, zone: str = "", order: Order | None = None, encoding: str = ""
) -> Mapping:
    """A mapping that comes with the desk, by its name, or a file of one's own.

    `zone` is for exports in wall time: it takes the place of the mapping's zone. So do `order` of
    day and month and `encoding`.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        path = BUILT_IN / f"{name}.yaml"
    if not path.is_file():
        raise NotFound(
            f"There is no mapping '{name}'. These come with the desk: {', '.join(list_mappings())}."
            " For your own, give the path of a .yaml file."
        )
    document = parse_document(path.read_text(encoding="utf-8"), str(path))
    if document.problems:
        raise Invalid(str(document.problems[0]), code="bad-mapping")
    try:
        mapping = Mapping.model_validate(document.data)
    except ValidationError as error:
        first, reason = _first_problem(error)
        place = ".".join(str(part) for part in first)
        line = document.line_of(first)
        raise Invalid(f"{path}:{line}: {place}: {reason}", code="bad-mapping") from error
    given = {"zone": zone, "order": order}
    times = mapping.times.model_dump() | {name: value for name, value in given.items() if value}
    changed = mapping.model_dump() | {"times": times, "encoding": encoding or mapping.encoding}
    try:
        return Mapping.model_validate(changed)
    except ValidationError as error:
        raise Invalid(_first_problem(error)[1], code="bad-option") from error


def _first_problem(error: ValidationError) -> tuple[tuple[int | str, ...], str]:
    """The place and the sentence of what is wrong first."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return first["loc"], first["msg"].removeprefix("Value error, ")


def list_mappings() -> list[str]:
    """The names of the mappings that come with the desk."""
    return sorted(path.stem for path in BUILT_IN.glob("*.yaml"))
