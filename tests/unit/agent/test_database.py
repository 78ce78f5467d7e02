"""The agent's file over versions: an older one is brought forward, a newer one stays as it is."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_agent.__main__ import main
from desk_agent.database import FORM, Database
from desk_contracts.errors import Invalid

from tests.support.agent_device import Device, Folder, clean_policy, order

# As agents wrote it before the file had a number.
UNNUMBERED = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE orders (
  key TEXT PRIMARY KEY, action TEXT NOT NULL, parameters TEXT NOT NULL, command TEXT,
  policy TEXT, digest TEXT NOT NULL, token INTEGER NOT NULL, baseline TEXT NOT NULL,
  value REAL, state TEXT NOT NULL, reason TEXT, details TEXT NOT NULL DEFAULT '{}',
  started_at REAL NOT NULL, ended_at REAL, is_reported INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX orders_state ON orders (state);
CREATE INDEX orders_reported ON orders (is_reported);
CREATE TABLE tokens (
  run TEXT PRIMARY KEY, token INTEGER NOT NULL, seen_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE policies (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE spool (
  number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, type TEXT NOT NULL,
  data TEXT NOT NULL, may_drop INTEGER NOT NULL
);
"""
ORDER = (
    "INSERT INTO orders (key, action, parameters, policy, digest, token, baseline, state,"
    " started_at, is_reported) VALUES (?, 'clean-disk', '{}', ?, '', 0, '{}', 'done', 1, 1)"
)


def form_of(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        [(form,)] = connection.execute("PRAGMA user_version").fetchall()
    return int(form)


def test_a_file_without_a_number_is_brought_forward_with_all_that_it_remembers(
    tmp_path: Path,
) -> None:
    folder = Folder(tmp_path)
    state = tmp_path / "state"
    state.mkdir()
    now = datetime.now(UTC)
    policy = clean_policy(now)
    with closing(sqlite3.connect(state / "agent.db")) as connection:
        connection.executescript(UNNUMBERED)
        connection.execute("INSERT INTO meta VALUES ('journal', 'old-journal')")
        connection.execute(ORDER, ("application", policy.model_dump_json()))
        connection.execute(ORDER, ("command", None))
        connection.execute("INSERT INTO tokens VALUES ('run-1', 7, ?)", (now.timestamp(),))
        connection.commit()
    device = Device(folder)
    assert form_of(state / "agent.db") == FORM
    assert device.database.journal == "old-journal"
    assert [entry.key for entry in device.orders.journal.applications("clean-ahead")] == [
        "application"
    ]
    answer = device.take(order(at=device.clock.now(), token=6, name="spooler"))
    assert answer.reason.code == "device.older-token"
    device.restart()
    assert device.orders.journal.find("command") is not None


def test_a_file_of_a_newer_agent_is_refused_with_a_sentence_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Folder(tmp_path)
    state = tmp_path / "state"
    Database(state / "agent.db").close()
    with closing(sqlite3.connect(state / "agent.db")) as connection:
        connection.execute(f"PRAGMA user_version = {FORM + 1}")
    before = (state / "agent.db").read_bytes()
    monkeypatch.setattr("sys.argv", ["desk_agent", "--config", str(folder.write_config())])
    assert main() == 2
    assert "written by a newer agent" in capsys.readouterr().err
    assert (state / "agent.db").read_bytes() == before


def test_what_is_no_file_of_an_agent_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "agent.db"
    file.write_bytes(b"photographs" * 1000)
    with pytest.raises(Invalid, match="left as it is"):
        Database(file)
    assert file.read_bytes() == b"photographs" * 1000


def test_a_kill_between_two_steps_leaves_the_form_that_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "agent.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(UNNUMBERED)
    monkeypatch.setattr("desk_agent.database._STEPS", ("CREATE TABLE a (b)", "CREATE nonsense"))
    with pytest.raises(sqlite3.OperationalError):
        Database(file)
    with closing(sqlite3.connect(file)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert form_of(file) == 0
    assert "a" not in tables
