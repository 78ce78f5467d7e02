"""Each of our own rules finds what it is for, and leaves the rest alone."""

from pathlib import Path, PurePosixPath

import pytest

from scripts.checks.__main__ import RULES, find, find_over_all, sources
from scripts.checks.source import Source

DOMAIN = "services/triage/desk_triage/domain/decide.py"
HANDLERS = "services/triage/desk_triage/handlers.py"
TEST = "tests/unit/triage/test_decide.py"
CHECKS = "tests/unit/checks/test_source.py"
LONG_FUNCTION = "def f() -> None:\n" + "    g()\n" * 40
LADDER = """def f(data: Payload) -> bool:
    if isinstance(data, Opened):
        return True
    return isinstance(data, Closed)
"""
LONG_MODULE = '"""Doc."""\n' + "x = 1\n" * 400

VIOLATIONS = [
    ("pure", DOMAIN, "def f() -> None:\n    return datetime.now(UTC)\n"),
    ("pure", DOMAIN, "def f(clock: Clock) -> None:\n    return clock.now()\n"),
    ("pure", DOMAIN, "ID = uuid4()\n"),
    ("pure", DOMAIN, "STARTED = time.time()\n"),
    ("pure", DOMAIN, "def f() -> str:\n    return open('x').read()\n"),
    ("pure", DOMAIN, "from desk_contracts.ids import new_id\n"),
    ("pure", DOMAIN, "from desk_platform.clock import SystemClock\n"),
    ("pure", DOMAIN, "from desk_charter.load import load\n"),
    ("pure", DOMAIN, "import logging\n"),
    ("pure", DOMAIN, "from fastapi import APIRouter\n"),
    ("one-use", HANDLERS, "def f() -> int:\n    return _g()\ndef _g() -> int:\n    return 1\n"),
    ("topic-literals", HANDLERS, 'TOPIC = "desk.tickets"\n'),
    ("topic-literals", HANDLERS, 'DEAD = "desk.tickets.triage.dead"\n'),
    ("topic-literals", HANDLERS, 'TEAM = f"desk.notifications.{team}"\n'),
    ("topic-literals", HANDLERS, 'PEOPLE = "desk.notifications.people"\n'),
    ("topic-literals", HANDLERS, 'SOURCE = "/desk/automation"\n'),
    ("size", HANDLERS, LONG_FUNCTION),
    ("size", HANDLERS, LONG_MODULE),
    ("size", HANDLERS, LONG_FUNCTION.replace("None:", "None:  # desk-skip: size", 1)),
    ("no-sleep", TEST, "import asyncio\nasync def test() -> None:\n    await asyncio.sleep(1)\n"),
    ("no-sleep", TEST, "from time import sleep as rest\nrest(0.1)\n"),
    ("one-dispatch", HANDLERS, "from functools import singledispatch\n"),
    ("one-dispatch", DOMAIN, "@tell.register\ndef _(data: Opened) -> str:\n    return ''\n"),
    ("one-dispatch", DOMAIN, LADDER),
    ("one-dispatch", DOMAIN, LADDER.replace("data,", "event.data,")),
    ("room", "services/billing/desk_billing/handlers.py", '"""Doc."""\n'),
    ("room", "services/billing/desk_billing/invoices/helpers.py", '"""Doc."""\n'),
    ("room", "services/billing/desk_billing/adapters/post.py", '"""Doc."""\n'),
    ("raw-terminal", HANDLERS, "print(title)\n"),
    ("raw-terminal", HANDLERS, "typer.echo(title)\n"),
    ("raw-terminal", HANDLERS, "Console(stderr=True).print(title)\n"),
    ("raw-terminal", HANDLERS, "sys.stderr.write(title)\n"),
    ("no-sentence", DOMAIN, 'WHY = "nobody has the skill for it"\n'),
    ("verbs", HANDLERS, "def _answered() -> None:\n    pass\n"),
    ("test-support", CHECKS, "from tests.unit.bus.desk import noted\n"),
    ("test-support", CHECKS, "from tests.unit.checks.test_rules import FOUND\n"),
    ("test-support", CHECKS, "import tests.unit.bus.conftest\n"),
    ("test-support", CHECKS, "from tests import unit\n"),
    ("test-support", "tests/support/bus.py", "from tests.unit.bus.test_relay import x\n"),
    ("vocabulary", HANDLERS, "def f(lane: str) -> str:\n    return lane\n"),
    ("vocabulary", DOMAIN, "class TicketJourney:\n    pass\n"),
    ("module-docstring", HANDLERS, "x = 1\n"),
    ("module-docstring", TEST, ""),
]
LEFT_ALONE = [
    ("one-dispatch", DOMAIN, LADDER.replace("isinstance(data, Closed)", "is_late")),
    ("one-dispatch", TEST, LADDER),
    ("pure", DOMAIN, "from desk_contracts.ids import derive_id\n"),
    (
        "one-use",
        HANDLERS,
        "def f() -> int:\n    return _g() + _g()\ndef _g() -> int:\n    return 1\n",
    ),
    ("pure", DOMAIN, "from desk_charter.model import Team\n"),
    ("room", "services/billing/desk_billing/invoices/decide.py", '"""Doc."""\n'),
    ("room", "services/billing/desk_billing/adapters/posts/letter.py", '"""Doc."""\n'),
    ("room", "services/billing/desk_billing/service.py", '"""Doc."""\n'),
    ("raw-terminal", HANDLERS, "say(title)\n"),
    ("raw-terminal", "scripts/checks/size.py", "print(title)\n"),
    ("pure", DOMAIN, "def f(at: datetime) -> time:\n    return at.time()\n"),
    ("pure", HANDLERS, "NOW = clock.now()\n"),
    ("pure", "tests/unit/triage/domain/test_decide.py", "NOW = datetime.now(UTC)\n"),
    ("topic-literals", "shared/contracts/desk_contracts/names.py", 'TICKETS = "desk.tickets"\n'),
    ("topic-literals", TEST, 'TOPIC = "desk.tickets"\n'),
    ("topic-literals", HANDLERS, '"""desk.tickets"""\n'),
    ("topic-literals", HANDLERS, 'TYPE = "desk.triage.decided.v1"\n'),
    ("size", HANDLERS, LONG_FUNCTION.replace("    g()\n", "", 1)),
    ("size", HANDLERS, LONG_FUNCTION.replace("None:", "None:  # desk-skip: size a table", 1)),
    ("no-sleep", TEST, "import asyncio\nasync def test() -> None:\n    await asyncio.sleep(0)\n"),
    ("no-sleep", HANDLERS, "import asyncio\nasync def f() -> None:\n    await asyncio.sleep(1)\n"),
    ("no-sleep", TEST, "async def test(clock: FakeClock) -> None:\n    await clock.sleep(DAY)\n"),
    ("no-sentence", HANDLERS, 'WHY = "nobody has the skill for it"\n'),
    (
        "no-sentence",
        DOMAIN,
        'def f() -> None:\n    raise ValueError("nobody has the skill for it")\n',
    ),
    ("no-sentence", DOMAIN, 'WHY = message("skills.nobody", skill="vpn")\n'),
    ("verbs", HANDLERS, "@property\ndef known() -> None:\n    pass\n"),
    ("test-support", CHECKS, "from tests.support.bus_desk import noted\n"),
    ("test-support", CHECKS, "from tests import support\n"),
    ("test-support", HANDLERS, "from tests.unit.bus.desk import noted\n"),
    ("vocabulary", HANDLERS, "known_types = set()\n"),
    ("module-docstring", HANDLERS, '"""What it is for."""\n'),
]


@pytest.mark.parametrize(("rule", "path", "text"), VIOLATIONS)
def test_rule_finds(rule: str, path: str, text: str) -> None:
    (finding,) = find(Source(PurePosixPath(path), text), [rule])
    assert str(finding).startswith(f"{path}:")
    assert f"[{rule}]" in str(finding)


@pytest.mark.parametrize(("rule", "path", "text"), LEFT_ALONE)
def test_rule_leaves_alone(rule: str, path: str, text: str) -> None:
    assert not list(find(Source(PurePosixPath(path), text), [rule]))


def test_every_rule_is_tried() -> None:
    assert {rule for rule, _, _ in VIOLATIONS} == set(RULES)


@pytest.mark.parametrize(
    ("second", "count"),
    [("billing/desk_billing/b/model.py", 2), ("other/desk_other/a/model.py", 0)],
)
def test_a_class_name_is_unique_in_a_service(second: str, count: int) -> None:
    paths = ("services/billing/desk_billing/a/model.py", f"services/{second}")
    files = [Source(PurePosixPath(path), "class Invoice:\n    pass\n") for path in paths]
    assert len(list(find_over_all(files, ["one-name"]))) == count


EXPORTS = [
    ('"""Doc."""\nfrom desk_billing.a.model import Invoice\n', "declares no __all__"),
    ('"""Doc."""\n__all__ = ["Invoice", "Line"]\n', "nobody takes 'Line'"),
    ('"""Doc."""\n__all__ = []\n', "others take 'Invoice'"),
]


@pytest.mark.parametrize(("package", "sentence"), EXPORTS)
def test_a_package_declares_what_others_take(package: str, sentence: str) -> None:
    files = [
        Source(PurePosixPath("services/billing/desk_billing/a/__init__.py"), package),
        Source(PurePosixPath("services/billing/desk_billing/a/model.py"), "class Invoice: ...\n"),
        Source(
            PurePosixPath("tests/unit/billing/test_a.py"), "from desk_billing.a import Invoice\n"
        ),
    ]
    texts = [str(finding) for finding in find_over_all(files, ["exports"])]
    assert any(sentence in text for text in texts), texts


def test_this_file_is_looked_at() -> None:
    root = Path(__file__).resolve().parents[3]
    assert PurePosixPath("scripts/checks/size.py") in {source.path for source in sources(root)}
