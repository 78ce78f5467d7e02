"""Every message word for word, in both languages, against texts that people have read."""

import re
from string import Formatter

import pytest
from desk_contracts.messages import Language, catalogue
from desk_notify.rendering.templates import Rule

from tests.support.notify_sentences import LANGUAGES, expected_file, transcript

NEXT = {"en": "Next: ", "de": "Wie es weitergeht: "}


def text(language: Language, rule: Rule, part: str) -> str:
    template = catalogue(language).template(f"mail.{rule}.{part}")
    assert template is not None, rule
    return template


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_is_what_was_read_and_approved(language: Language) -> None:
    assert transcript(language) == expected_file(language).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_told_in_the_story(language: Language) -> None:
    """The fixed words of each title stand somewhere in the approved text."""
    approved = transcript(language)
    for rule in Rule:
        title = text(language, rule, "title")
        assert max(re.split(r"\{[^}]*\}", title), key=len) in approved, rule


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_says_what_happens_next(language: Language) -> None:
    for rule in Rule:
        paragraphs = text(language, rule, "body").split("\n\n")
        assert any(paragraph.startswith(NEXT[language]) for paragraph in paragraphs), rule


def test_both_languages_say_the_same_things() -> None:
    for rule in Rule:
        assert shape("en", rule) == shape("de", rule), rule


def shape(language: Language, rule: Rule) -> list[tuple[str, frozenset[str]]]:
    """The fields of each paragraph, and what it depends on."""
    paragraphs = [text(language, rule, "title"), *text(language, rule, "body").split("\n\n")]
    return [
        (
            next(iter(re.findall(r"^\[without (\w+)\]", paragraph)), ""),
            frozenset(name for _, name, _, _ in Formatter().parse(paragraph) if name),
        )
        for paragraph in paragraphs
    ]
