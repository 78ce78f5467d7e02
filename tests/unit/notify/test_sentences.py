"""Every message word for word, in both languages, against texts that people have read."""

import pytest
from desk_notify.domain.messages import TEXTS
from desk_notify.domain.texts import Rule, Template, Without, fields_of
from desk_shared.events.automation import StepStatus
from desk_shared.events.people import Severity
from desk_shared.events.sla import ClockName
from desk_shared.messages import Language

from tests.unit.notify.sentences import LANGUAGES, expected_file, said

NEXT = {"en": "Next: ", "de": "Wie es weitergeht: "}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_is_what_was_read_and_approved(language: Language) -> None:
    assert said(language) == expected_file(language).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_told_in_the_story(language: Language) -> None:
    """The fixed words of each title stand somewhere in the approved text."""
    text = said(language)
    for rule, template in TEXTS[language].templates.items():
        assert _fixed_words(template) in text, rule


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_says_what_happens_next(language: Language) -> None:
    for rule, template in TEXTS[language].templates.items():
        begins = [one for one in template.body if isinstance(one, str)]
        assert any(one.startswith(NEXT[language]) for one in begins), rule


def test_both_languages_say_the_same_things() -> None:
    english, german = TEXTS["en"].templates, TEXTS["de"].templates
    assert set(english) == set(german) == set(Rule)
    for rule in Rule:
        assert _shape(english[rule]) == _shape(german[rule]), rule
    for texts in TEXTS.values():
        assert set(texts.clocks) == set(ClockName)
        assert set(texts.steps) == set(StepStatus)
        assert set(texts.severities) == set(Severity)


def _shape(template: Template) -> list[tuple[str, frozenset[str]]]:
    """The fields of each paragraph, and what it depends on."""
    paragraphs = [
        (one.field, one.text) if isinstance(one, Without) else ("", one) for one in template.body
    ]
    return [("title", fields_of(template.title)), *((f, fields_of(t)) for f, t in paragraphs)]


def _fixed_words(template: Template) -> str:
    """The longest part of a title between two fields."""
    return max(template.title.replace("}", "{").split("{")[::2], key=len)
