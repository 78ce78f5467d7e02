"""What people read, word for word: the catalogue's golden sentences in every language."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from desk_contracts.events.tickets import State
from desk_contracts.message import Message, Param, message, verbatim
from desk_contracts.messages import catalogue, negotiate

BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
LIKE_TICKETS: dict[str, Param] = {"since": DUE}

GOLDEN: list[tuple[Message, str, str]] = [
    (
        message("ticket.expect", what="resolution", due=DUE),
        "You can expect a solution by Monday 2 March 2026, 14:00 (Europe/Berlin).",
        "Sie können eine Lösung bis Montag, 2. März 2026, 14:00 Uhr (Europe/Berlin) erwarten.",
    ),
    (
        message("problem.like-tickets", count=1, **LIKE_TICKETS),
        "Since Monday 2 March 2026, 14:00 (Europe/Berlin) 1 person reported the same.",
        "Seit Montag, 2. März 2026, 14:00 Uhr (Europe/Berlin) meldete 1 Person dasselbe.",
    ),
    (
        message("problem.like-tickets", count=1200, **LIKE_TICKETS),
        "Since Monday 2 March 2026, 14:00 (Europe/Berlin) 1,200 people reported the same.",
        "Seit Montag, 2. März 2026, 14:00 Uhr (Europe/Berlin) meldeten 1.200 Personen dasselbe.",
    ),
    (
        message("routing.ambiguous-service", services=("mail", "VPN", "SAP")),
        "It could be about mail, VPN or SAP.",
        "Es könnte um mail, VPN oder SAP gehen.",
    ),
    (
        message("timeline.updated", by="ana", fields=["title", "impact"]),
        "ana changed the title and impact.",
        "ana hat geändert: Titel und Auswirkung.",
    ),
    (
        message("learned.nothing-fits", model="m1"),
        "Nothing that was learned from finished tickets fits it (model m1).",
        "Nichts, was aus erledigten Tickets gelernt wurde, passt dazu (Modell m1).",
    ),
    (
        message("proposal.worst-system", share=0.256),
        "26% of all the time that people lost was lost here: find the cause behind most of its"
        " contacts first.",
        "26\N{NO-BREAK SPACE}% aller verlorenen Zeit gingen hier verloren: suchen Sie zuerst die"
        " Ursache hinter den meisten Kontakten.",
    ),
    (
        message(
            "report.unanswered",
            since=date(2026, 12, 1),
            reports=message("count.reports", count=2),
        ),
        "Nobody has answered since 1 December 2026: 2 reports in a row before this one.",
        "Seit dem 1. Dezember 2026 hat niemand geantwortet: 2 Berichte hintereinander vor diesem.",
    ),
    (
        message("timeline.triaged", category="vpn", priority="P2", why=""),
        "Sorted as vpn with priority P2.",
        "Eingeordnet als vpn mit Priorität P2.",
    ),
    (
        message(
            "timeline.triaged",
            category="vpn",
            priority="P2",
            why=message("timeline.why", reasons=[verbatim("It says so"), verbatim("And so!")]),
        ),
        "Sorted as vpn with priority P2. Why: It says so. And so!",
        "Eingeordnet als vpn mit Priorität P2. Warum: It says so. And so!",
    ),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(GOLDEN)))
def test_a_message_is_a_sentence_in_each_language(number: int) -> None:
    golden, english, german = GOLDEN[number]
    assert catalogue("en").render(golden, BERLIN) == english
    assert catalogue("de").render(golden, BERLIN) == german


def test_what_people_wrote_is_left_as_it_is() -> None:
    for text in ("A  note {with} 100 % of everything", "  indented\n\tand broken"):
        assert catalogue("de").render(verbatim(text)) == text.strip()


def test_what_only_a_newer_release_says_is_shown_as_it_came() -> None:
    """A code, or a fact, that this release does not know hides nothing and stops nobody."""
    new = message("routing.by-moon-phase", phase="full")
    assert catalogue("de").render(new) == "[routing.by-moon-phase (phase=full)]"
    newer = Message(code="routing.named-service", params={"unheard": "of"})
    assert catalogue("en").render(newer) == "It is about …."
    odd = message("ticket.expect", what="cheer", due="soon")
    assert catalogue("en").render(odd) == "You can expect cheer by soon."


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (0, "0 seconds", "0 Sekunden"),
        (0.2, "0.2 seconds", "0,2 Sekunden"),
        (1, "1 second", "1 Sekunde"),
        (90, "90 seconds", "90 Sekunden"),
        (12 * 60 + 34, "12 minutes", "12 Minuten"),
        (3_600, "1 hour", "1 Stunde"),
        (5_400, "1 hour 30 minutes", "1 Stunde 30 Minuten"),
        (26 * 3_600, "1 day 2 hours", "1 Tag 2 Stunden"),
        (50 * 86_400, "50 days", "50 Tage"),
    ],
)
def test_a_duration_is_as_exact_as_people_say_it(seconds: float, english: str, german: str) -> None:
    assert catalogue("en").formats(BERLIN).duration(seconds) == english
    assert catalogue("de").formats(BERLIN).duration(seconds) == german


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("*", "en"),
        ("de", "de"),
        ("de-AT, en;q=0.5", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("fr-CH, fr;q=0.9, de;q=0.7, *;q=0.5", "de"),
        ("de;q=0, en", "en"),
        ("de;q=nonsense", "en"),
        ("DE", "de"),
    ],
)
def test_the_language_that_is_wanted_most_is_spoken(accepted: str | None, language: str) -> None:
    assert negotiate(accepted) == language


def test_every_state_has_a_word_in_german() -> None:
    spoken = catalogue("de")
    assert all(spoken.word("state", state) != state for state in State)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (0.0004, "0.04%"),
        (0.004, "0.4%"),
        (0.5, "50%"),
        (0.9957, "99.6%"),
        (1.0, "100%"),
    ],
)
def test_nearly_all_is_not_told_as_all(share: float, text: str) -> None:
    rendered = catalogue("en").render(message("history.at-front", share=share))
    assert rendered.startswith(f"{text} were ended")
