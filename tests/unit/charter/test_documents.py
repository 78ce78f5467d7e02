"""Files are read by libyaml where it is installed: as the reader in Python reads them."""

from pathlib import Path

import pytest
from desk_charter.documents import parse_document
from desk_local.paths import ROOT
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

FILES = sorted((ROOT / "charter").rglob("*.yaml"))


def describe(node: Node) -> object:
    """All that is in it, each with its kind and its line."""
    value: object = node.value
    if isinstance(node, MappingNode):
        value = [(describe(key), describe(item)) for key, item in node.value]
    elif isinstance(node, SequenceNode):
        value = [describe(item) for item in node.value]
    return node.tag, node.start_mark.line, value


def test_libyaml_is_installed() -> None:
    assert YAML(typ="safe").Parser.__module__.endswith("_ruamel_yaml")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_both_readers_find_the_same_in_the_same_lines(path: Path) -> None:
    text = path.read_text()
    node = parse_document(text, path.name).node
    assert node is not None
    assert describe(node) == describe(YAML(typ="safe", pure=True).compose(text))


@pytest.mark.parametrize("part", ["[", "{a: ", "- ", "? "])
def test_a_text_nested_without_end_is_refused_and_ends_no_process(part: str) -> None:
    (problem,) = parse_document(part * 100_000, "deep.yaml").problems
    assert "nested too deep" in problem.sentence


def test_what_libyaml_refuses_may_be_read_all_the_same() -> None:
    assert parse_document("hours: [mon:fri]", "teams.yaml").data == {"hours": ["mon:fri"]}
