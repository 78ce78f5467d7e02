"""Sources are optional, and refused with file, line and reason when they are wrong."""

from hashlib import sha256
from pathlib import Path
from typing import Protocol

import pytest
from desk_charter.model import Charter
from desk_charter.source_checks import OPEN_TYPES
from desk_charter.sources import is_covered

DIGEST, OTHER_DIGEST = "a1" * 32, "b2" * 32
SOURCES = f"""\
sources:
  - name: zabbix
    title: Monitoring
    source: /monitor/zabbix
    types: [desk.alert.fired.v1, desk.alert.resolved.v1]
    services: [vpn, net*]
    subjects: [gateway-*]
    kafka_user: zabbix
    token_sha256: [{DIGEST}]
    sign_in: zabbix-client
  - name: portal
    title: The portal
    source: /portal
    types: [desk.ticket.requested.v1]
    token_sha256: [{OTHER_DIGEST}]
    kafka_user: portal
    sign_in: portal-client
"""
SECOND = 11


class Folder(Protocol):
    path: Path

    def write(self, name: str, text: str) -> None: ...
    def replace(self, name: str, old: str, new: str) -> None: ...
    def load(self) -> Charter: ...
    def problems(self) -> list[str]: ...


@pytest.fixture
def with_sources(folder: Folder) -> Folder:
    folder.write("sources.yaml", SOURCES)
    return folder


def test_a_charter_needs_no_sources_and_then_knows_nobody(folder: Folder) -> None:
    assert folder.load().sources == ()


def test_sources_are_read_and_are_part_of_the_version(folder: Folder) -> None:
    before = folder.load().version
    folder.write("sources.yaml", SOURCES)
    charter = folder.load()
    assert [source.name for source in charter.sources] == ["zabbix", "portal"]
    assert not charter.sources[0].revoked
    assert charter.version != before


FIRST_BREAKS = [
    ("source: /monitor/zabbix", "source: /", "4: sources.zabbix.source:", "at least 2"),
    ("source: /monitor/zabbix", "source: /monitor/", "4: sources.zabbix.source:", "at its end"),
    ("source: /monitor/zabbix", "source: monitor", "4: sources.zabbix.source:", "write a path"),
    ("source: /monitor/zabbix", "source: /a b", "4: sources.zabbix.source:", "without blanks"),
    ("source: /monitor/zabbix", "source: /a/../desk", "4: sources.zabbix.source:", "'..'"),
    ("source: /monitor/zabbix", "source: /desk", "4: sources.zabbix.source:", "desk's own"),
    ("source: /monitor/zabbix", "source: /desk/x", "4: sources.zabbix.source:", "desk's own"),
    ("source: /monitor/zabbix", "source: /%64esk/x", "4: sources.zabbix.source:", "desk's own"),
    ("source: /monitor/zabbix", "source: urn:desk", "4: sources.zabbix.source:", "desk's own"),
    ("desk.alert.fired.v1", "desk.alert.fird.v1", "5: sources.zabbix.types[0]:", "did you mean"),
    ("desk.alert.fired.v1", "desk.ticket.opened.v1", "5: sources.zabbix.types[0]:", "desk alone"),
    ("desk.alert.fired.v1", "alerts", "5: sources.zabbix.types[0]:", "an event type"),
    ("[desk.alert.fired.v1, desk.alert.resolved.v1]", "[]", "5: sources.zabbix.types:", "at least"),
    ("[vpn, net*]", "[vpm, net*]", "6: sources.zabbix.services[0]:", "did you mean 'vpn'"),
    ("[vpn, net*]", "[vpn, erp-*]", "6: sources.zabbix.services[1]:", "begins with 'erp-'"),
    ("[vpn, net*]", "['*vpn']", "6: sources.zabbix.services[0]:", "the beginning of several"),
    ("kafka_user: zabbix", "kafka_user: desk-intake", "8: sources.zabbix.kafka_user:", "own users"),
    ("kafka_user: zabbix", "kafka_user: Zabbix", "8: sources.zabbix.kafka_user:", "small letters"),
    (f"[{DIGEST}]", "[secret]", "9: sources.zabbix.token_sha256[0]:", "64 hex digits"),
    (f"[{DIGEST}]", f"[{DIGEST}, {'c' * 64}, {'d' * 64}]", "9:", "at most 2"),
    (DIGEST, sha256(b"").hexdigest(), "9: sources.zabbix.token_sha256[0]:", "token was empty"),
    (f"[{DIGEST}]", f"[{DIGEST}, {DIGEST}]", "2: sources.zabbix:", "twice in token_sha256"),
    ("[vpn, net*]", "[vpn, vpn]", "2: sources.zabbix:", "'vpn' stands twice"),
    ("title: Monitoring", "titel: Monitoring", "3: sources.zabbix.titel:", "did you mean 'title'"),
    ("sources:\n", "source:\n", "1: sources.source:", "is not read here"),
]


@pytest.mark.parametrize(("old", "new", "begins", "part"), FIRST_BREAKS)
def test_a_wrong_source_is_refused_with_its_line(
    with_sources: Folder, old: str, new: str, begins: str, part: str
) -> None:
    with_sources.replace("sources.yaml", old, new)
    problems = with_sources.problems()
    assert any(item.startswith(f"sources.yaml:{begins}") and part in item for item in problems), (
        problems
    )


SECOND_BREAKS = [
    ("source: /portal", "source: /monitor", SECOND + 2, "overlap"),
    ("source: /portal", "source: /monitor/zabbix", SECOND + 2, "overlap"),
    ("source: /portal", "source: /monitor/zabbix/eu", SECOND + 2, "overlap"),
    (OTHER_DIGEST, DIGEST, SECOND + 4, "a token of 'zabbix'"),
    ("kafka_user: portal", "kafka_user: zabbix", SECOND + 5, "the user of 'zabbix'"),
    ("sign_in: portal-client", "sign_in: zabbix-client", SECOND + 6, "signs in 'zabbix'"),
    ("name: portal", "name: zabbix", SECOND, "its own name"),
]


@pytest.mark.parametrize(("old", "new", "line", "part"), SECOND_BREAKS)
def test_what_two_systems_cannot_share_is_refused_at_the_second(
    with_sources: Folder, old: str, new: str, line: int, part: str
) -> None:
    with_sources.replace("sources.yaml", old, new)
    problems = with_sources.problems()
    assert any(item.startswith(f"sources.yaml:{line}:") and part in item for item in problems), (
        problems
    )


def test_prefixes_that_only_begin_alike_do_not_overlap(with_sources: Folder) -> None:
    with_sources.replace("sources.yaml", "source: /portal", "source: /monitor/zabbix-evil")
    assert with_sources.problems() == []


FIRST_SOURCE = "sources:\n  - {name: a, title: A, source: /a, types: [desk.alert.fired.v1]"


@pytest.mark.parametrize(
    ("more", "part"),
    [("", "no way in"), (", endpoints: true, sign_in: a", "give it a kafka_user")],
)
def test_a_system_needs_a_way_in(folder: Folder, more: str, part: str) -> None:
    folder.write("sources.yaml", f"{FIRST_SOURCE}{more}}}\n")
    (problem,) = folder.problems()
    assert problem.startswith("sources.yaml:2: sources.a:")
    assert part in problem


def test_a_revoked_system_may_keep_its_name_without_a_way_in(folder: Folder) -> None:
    folder.write("sources.yaml", f"{FIRST_SOURCE}, revoked: true}}\n")
    assert folder.load().sources[0].revoked


def test_outside_systems_may_ask_tell_telemetry_and_announce_changes() -> None:
    kinds = {type.rsplit(".", 2)[0] for type in OPEN_TYPES}
    assert kinds == {*("desk.ticket", "desk.telemetry", "desk.alert", "desk.change", "desk.device")}
    assert [type for type in OPEN_TYPES if type.startswith("desk.ticket.")] == [
        "desk.ticket.requested.v1"
    ]


@pytest.mark.parametrize(
    ("prefix", "source", "covered"),
    [
        ("/monitor/zabbix", "/monitor/zabbix", True),
        ("/monitor/zabbix", "/monitor/zabbix/eu", True),
        ("/monitor/zabbix", "/monitor/zabbix#host-1", True),
        ("/monitor/zabbix", "/monitor/zabbix?host=1", True),
        ("/monitor/zabbix", "/monitor/zabbix-evil", False),
        ("/monitor/zabbix", "/monitor/zabbix:evil", False),
        ("/monitor/zabbix", "/monitor/zabbi", False),
        ("/monitor/zabbix", "/Monitor/zabbix", False),
        ("/monitor/zabbix", "x/monitor/zabbix", False),
        ("/monitor/zabbix", "/monitor/zabbix/../cmdb", False),
        ("/monitor/zabbix", "/monitor/zabbix/..", False),
        ("/monitor/zabbix", "/monitor/zabbix/%2e%2E/cmdb", False),
        ("/monitor/zabbix", "/monitor/zabbix/.hidden", True),
        ("/monitor/zabbix", "/monitor/zabbix/..more", True),
        ("https://zabbix.example", "https://zabbix.example/eu", True),
        ("https://zabbix.example", "https://zabbix.example.evil", False),
        ("urn:monitor:zabbix", "urn:monitor:zabbix:eu", True),
        ("urn:monitor:zabbix", "urn:monitor:zabbix-evil", False),
    ],
)
def test_a_prefix_covers_whole_segments_only(prefix: str, source: str, covered: bool) -> None:
    assert is_covered(prefix, source) is covered
