"""One YAML file as plain values, with the line of every place in it.

Stricter than YAML: keys are unique texts, and there are no tags, no merge keys and no aliases that
contain themselves. Dates stay text, so that a wrong one is reported at its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from desk_charter.problems import Problem, Where

# A ConfigMap holds 1 MiB in all; a file beyond it is no charter.
_MAX_BYTES = 1_048_576
# Aliases may multiply a file; reviewed files stay far below this many values.
_MAX_VALUES = 200_000
# Nobody nests so deep; libyaml would take any depth until the stack is used up, and the process.
_MAX_DEPTH = 200
_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset(
    f"{_TAG}{name}"
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge")
)
_NAMES = ("name", "id")


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values, where they stand, and what is wrong with its YAML."""

    file: str
    data: object = None
    node: Node | None = None
    problems: tuple[Problem, ...] = ()

    def line_of(self, where: Where) -> int:
        """The line of a place, or of the nearest place around it."""
        line = _line(self.node)
        node = self.node
        for part in where:
            line, node = _step(node, part, line)
            if node is None:
                break
        return line

    def has(self, where: Where) -> bool:
        """Whether the file has that place."""
        node = self.node
        for part in where:
            _, node = _step(node, part, 0)
        return node is not None


@dataclass(slots=True)
class _Reader:
    file: str
    yaml: YAML
    problems: list[Problem] = field(default_factory=list)
    values: int = 0

    def refuse(self, node: Node, sentence: str) -> None:
        self.problems.append(Problem(self.file, _line(node), (), sentence))

    def value(self, node: Node, around: tuple[int, ...] = ()) -> object:
        """The plain value of a node; problems are noted and reading goes on."""
        self.values += 1
        if self.values > _MAX_VALUES:
            raise _TooMuch
        if id(node) in around:
            self.refuse(node, "this alias contains itself; write the values out")
            return None
        if node.tag not in _PLAIN:
            self.refuse(node, f"the tag {node.tag} is not read here; remove it")
            return None
        inside = (*around, id(node))
        if isinstance(node, MappingNode):
            return self.read_mapping(node, inside)
        if isinstance(node, SequenceNode):
            return [self.value(item, inside) for item in node.value]
        return self.scalar(node)

    def read_mapping(self, node: MappingNode, inside: tuple[int, ...]) -> dict[str, object]:
        """Unique text keys only."""
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, ScalarNode) or not isinstance(key, str):
                self.refuse(key_node, "a key has to be a plain word")
            elif key_node.tag == f"{_TAG}merge":
                self.refuse(key_node, "merge keys (<<) are not read here; write the fields out")
            elif key in values:
                self.refuse(key_node, f"'{key}' is written twice; keep one of the two")
            else:
                values[key] = self.value(value_node, inside)
        return values

    def scalar(self, node: Node) -> object:
        """Text, number, truth value or nothing; dates stay text."""
        if node.tag == f"{_TAG}timestamp":
            return node.value
        value: object = self.yaml.constructor.construct_object(node)
        return value


class _TooMuch(Exception):
    """Stops the reading of a file that is no charter."""


def read_document(path: Path, file: str) -> Document:
    """Read a file; whatever is wrong with its YAML is in `problems`."""
    try:
        raw = path.read_bytes()
        if len(raw) > _MAX_BYTES:
            return _refuse(file, 1, f"the file has {len(raw)} bytes; at most {_MAX_BYTES} are read")
        return parse_document(raw.decode("utf-8"), file)
    except OSError as error:
        return _refuse(file, 1, f"the file cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return _refuse(file, line, "the file is not UTF-8 text; save it as UTF-8")


def parse_document(text: str, file: str) -> Document:
    """The same for a text."""
    yaml = YAML(typ="safe", pure=True)
    try:
        node = _compose(text, yaml)
        if node is None:
            return _refuse(file, 1, "the file is empty; write its fields or remove the file")
        reader = _Reader(file=file, yaml=yaml)
        data = reader.value(node)
        return Document(file, data, node, tuple(reader.problems))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        return _refuse(file, line, f"this is not YAML: {error.problem or error.context}")
    except YAMLError as error:
        return _refuse(file, 1, f"this is not YAML: {' '.join(str(error).split())}")
    except (_TooMuch, RecursionError):
        return _refuse(
            file, 1, f"the file has more than {_MAX_VALUES} values or is nested too deep"
        )


def _compose(text: str, pure: YAML) -> Node | None:
    """By libyaml, in a sixth of the time, where it is installed.

    What it refuses the reader in Python reads: it takes more, and says better what is wrong.
    """
    depth = 0
    try:
        for event in YAML(typ="safe").parse(text):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > _MAX_DEPTH:
                raise RecursionError
        node: Node | None = YAML(typ="safe").compose(text)
    except YAMLError:
        node = pure.compose(text)
    return node


def names_in(data: object) -> Iterator[str]:
    """The name or id of each item of a list, empty for an item without; wrong items count too."""
    for item in data if isinstance(data, list) else ():
        fields = item if isinstance(item, dict) else {}
        name = next((fields[key] for key in _NAMES if key in fields), "")
        yield name if isinstance(name, str) else ""


def _refuse(file: str, line: int, sentence: str) -> Document:
    return Document(file, problems=(Problem(file, line, (), sentence),))


def _line(node: Node | None) -> int:
    return 1 if node is None else int(node.start_mark.line) + 1


def _step(node: Node | None, part: str | int, line: int) -> tuple[int, Node | None]:
    """One step deeper: the line of that place and its node; the old line where there is none."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == part:
                return _line(key), value
    if isinstance(node, SequenceNode):
        items = node.value
        if isinstance(part, int) and part < len(items):
            return _line(items[part]), items[part]
        named = next(
            (
                item
                for item in items
                if isinstance(item, MappingNode)
                and any(key.value in _NAMES and value.value == part for key, value in item.value)
            ),
            None,
        )
        if named is not None:
            return _line(named), named
    return line, None
