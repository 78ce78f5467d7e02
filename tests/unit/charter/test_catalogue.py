"""catalogue.yaml: what is wrong in it is told with its place."""

from pathlib import Path

import pytest
from desk_charter.load import load_charter
from desk_charter.problems import InvalidCharter
from desk_intake.catalogue.charter import CATALOGUE

from tests.support.charter_folder import FILES

GOOD = """\
catalogue:
  - name: access
    title: {en: Access, de: Zugriff}
    description: {en: You get it., de: Sie bekommen ihn.}
    service: vpn
    for: {roles: [employee], teams: [care]}
    form:
      type: object
      properties:
        device: {type: string, pattern: "^[a-z]+$"}
        rights: {type: array, items: {type: string}}
      required: [device]
    labels: {device: {en: Device, de: Gerät}}
    own_device: device
    approval: {needed: 1, teams: [network], people: [ana], within: 2d}
    fulfilment: {team: network}
"""


def write(folder: Path, text: str) -> Path:
    for name, content in FILES.items():
        (path := folder / name).parent.mkdir(exist_ok=True)
        path.write_text(content)
    (folder / "catalogue.yaml").write_text(text)
    return folder


def test_items_are_read(tmp_path: Path) -> None:
    (item,) = load_charter(write(tmp_path, GOOD)).of(CATALOGUE)
    assert (item.required, item.title.spoken("de-AT")) == (("device",), "Zugriff")


def test_without_the_file_nothing_is_offered(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "catalogue.yaml").unlink()
    assert load_charter(tmp_path).of(CATALOGUE) == ()


@pytest.mark.parametrize(
    ("before", "after", "line", "expected"),
    [
        ("type: object", "type: array", 7, "a form is an object"),
        ("type: object", "type: objekt", 7, "this is no JSON Schema"),
        ('pattern: "^[a-z]+$"', 'pattern: "(("', 7, "is not a 'regex'"),
        ("device: {type: string,", "device: {type: object,", 7, "'device' is one of"),
        ("rights:", "password:", 7, "asks for a secret"),
        ("items: {type: string}", "items: {$ref: x}", 7, "refers to nothing else"),
        ("required: [device]", "required: [device, size]", 7, "'size' is required but"),
        ("labels: {device:", "labels: {size:", 2, "which is no field of the form"),
        ("own_device: device", "own_device: rights", 2, "make it a required field"),
        ("teams: [network], people: [ana]", "may_delegate: true", 15, "nobody could approve"),
        ("teams: [network]", "teams: [netwrok]", 15, "netwrok"),
        ("service: vpn", "service: fax", 5, "fax"),
        ("within: 2d", "within: 0s", 15, "leaves no time"),
        ("{team: network}", "{team: nobody}", 16, "nobody"),
        ("{team: network}", "{team: network, recovery: unlock}", 2, "no form and no approval"),
        ("{team: network}", "{team: network, runbook: dance}", 16, "runbook 'dance'"),
        ("de: Zugriff", "fr: Accès", 3, "de"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, before: str, after: str, line: int, expected: str
) -> None:
    assert before in GOOD
    with pytest.raises(InvalidCharter) as refused:
        load_charter(write(tmp_path, GOOD.replace(before, after, 1)))
    assert f"catalogue.yaml:{line}:" in str(refused.value)
    assert expected in str(refused.value)
