"""One person and their words go, whoever wrote their id however; what others wrote stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from desk_contracts.redaction import (
    ERASED,
    Erasure,
    Redactor,
    hash_person,
    list_erased_files,
    list_files,
    name_pseudonym,
)

KEY = b"0123456789abcdef0123456789abcdef"
IVY, BOB = "ivy@corp.example", "bob@corp.example"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HASH = hash_person(KEY, IVY)
NOBODY = name_pseudonym(KEY, HASH, "e-1")
ERASURE = Erasure("e-1", AT, HASH, NOBODY, frozenset({"t-1"}))


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(KEY, [ERASURE])


@pytest.mark.parametrize("written", ["Ivy@Corp.Example", "Ivy Park <ivy@corp.example>", IVY])
def test_an_id_goes_however_it_is_written(redactor: Redactor, written: str) -> None:
    assert redactor.redact([written, {written: 1}]) == [NOBODY, {NOBODY: 1}]


@pytest.mark.parametrize(
    "text",
    [
        "of:{}",
        "article/{}",
        "Ask {}, please",
        "see <{}> too",
        '"{}".',
        "a={}|b",
        "({})!",
        "person:2047.{}",
    ],
)
def test_an_id_goes_out_of_the_middle_of_a_text(redactor: Redactor, text: str) -> None:
    assert redactor.mask(text.format(IVY)) == text.format(NOBODY)
    assert redactor.mask(text.format("x" + IVY)) == text.format("x" + IVY)


def test_a_ticket_of_theirs_loses_its_words_and_keeps_its_facts(redactor: Redactor) -> None:
    ticket = {
        "requester": IVY,
        "title": "secret",
        "description": "secret",
        "service": "vpn",
        "opened_at": "2026-03-01T09:00:00Z",
        "attributes": {"phone": "secret"},
        "watchers": [BOB],
        "resolution": {"code": "text.written", "params": {"text": "secret", "team": "network"}},
        "attachments": [
            {"id": "f-1", "name": "secret", "sha256": "ab", "media_type": "text/plain"}
        ],
        "comments": [{"by": BOB, "role": "member", "text": "secret"}],
    }
    redacted: Any = redactor.redact(ticket)
    assert "secret" not in str(redacted)
    assert IVY not in str(redacted)
    kept = ("service", "opened_at", "watchers")
    assert {name: redacted[name] for name in kept} == {name: ticket[name] for name in kept}
    assert redacted["resolution"]["params"] == {"text": ERASED, "team": "network"}
    assert list(list_files(redacted)) == ["f-1"]
    assert redactor.redact(redacted) == redacted


def test_their_words_in_tickets_of_others_go_and_those_of_others_stay(redactor: Redactor) -> None:
    ticket = {
        "requester": BOB,
        "title": "Printer",
        "comments": [
            {"by": IVY, "role": "employee", "text": "secret"},
            {"by": IVY, "resolution": {"code": "a.b", "params": {"text": "The desk's answer"}}},
            {"by": BOB, "role": "employee", "text": f"Thanks, {IVY}"},
        ],
    }
    redacted: Any = redactor.redact(ticket)
    first, answer, last = redacted["comments"]
    assert (first["text"], last["text"]) == (ERASED, f"Thanks, {NOBODY}")
    assert answer["resolution"]["params"] == {"text": "The desk's answer"}
    assert (redacted["title"], redacted["requester"]) == ("Printer", BOB)


def test_what_names_a_ticket_of_theirs_loses_its_words(redactor: Redactor) -> None:
    notice = {"recipient": "network", "ticket": "t-1", "title": "secret", "body": "secret"}
    assert redactor.redact(notice) == notice | {"title": ERASED, "body": ERASED}
    other = notice | {"ticket": "t-2"}
    assert redactor.redact(other) == other


def test_a_timeline_of_others_loses_what_they_said_and_attached(redactor: Redactor) -> None:
    written = {"code": "text.written", "params": {"text": "secret"}}
    attached = {"code": "timeline.attached", "params": {"name": "secret"}}
    ticket = {
        "requester": BOB,
        "timeline": [
            {"what": "commented", "who": IVY, "message": written},
            {"what": "commented", "who": BOB, "message": written},
            {"what": "attached", "who": IVY, "message": attached},
        ],
        "attachments": [
            {"id": "f-1", "by": IVY, "name": "secret", "sha256": "ab"},
            {"id": "f-2", "by": BOB, "name": "his", "sha256": "cd"},
        ],
    }
    redacted: Any = redactor.redact(ticket)
    assert str(redacted).count("secret") == 1
    assert list(list_erased_files(redacted)) == ["f-1"]
    assert redacted["attachments"][1] == ticket["attachments"][1]


def test_what_others_were_told_of_their_words_goes() -> None:
    quoting = Erasure("e-1", AT, HASH, NOBODY, quoting=frozenset({"t-2"}))
    redactor = Redactor(KEY, [quoting])
    notice = {"recipient": BOB, "ticket": "t-2", "title": "News", "body": "Ivy said: secret"}
    assert redactor.redact(notice) == notice | {"title": ERASED, "body": ERASED}
    assert redactor.redact({"ticket": "t-2", "title": "News"}) == {"ticket": "t-2", "title": "News"}


def test_a_ticket_without_a_person_loses_words_only() -> None:
    redactor = Redactor(b"", [Erasure("old", AT, tickets=frozenset({"t-1"}))])
    notice = {"recipient": IVY, "ticket": "t-1", "title": "old", "at": "2020-01-01"}
    assert redactor.redact(notice) == notice | {"title": ERASED}


def test_what_is_said_later_is_kept_and_a_second_erasure_takes_that_too() -> None:
    later = Erasure("e-2", AT + timedelta(days=9), HASH, "another", frozenset())
    redactor = Redactor(KEY, [later, ERASURE])
    assert redactor.pseudonym_of(IVY, AT) == NOBODY
    assert redactor.pseudonym_of(IVY, AT + timedelta(days=1)) == "another"
    assert redactor.pseudonym_of(IVY, AT + timedelta(days=10)) == ""


def test_another_key_recognises_nobody() -> None:
    assert Redactor(b"another key", [ERASURE]).redact({"requester": IVY}) == {"requester": IVY}


def test_an_export_has_the_smallest_part_that_is_about_the_person(redactor: Redactor) -> None:
    document = {
        "requester": BOB,
        "title": "Printer",
        "comments": [{"by": IVY, "text": "mine"}, {"by": BOB, "text": "his"}],
    }
    assert list(redactor.list_mentions(document)) == [{"by": IVY, "text": "mine"}]
    own = {"requester": IVY, "comments": [{"by": BOB, "text": "for Ivy"}]}
    assert list(redactor.list_mentions(own)) == [own]
    assert list(redactor.list_mentions({"watchers": [BOB, IVY], "a": {"b": 1}}))
