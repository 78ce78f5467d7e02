"""The catalogues: one folder of gettext files per language, a file for each subject.

Babel reads the files and knows plurals, dates, numbers and lists of each language (ADR 35).
"""

import gettext
import io
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.messages import Catalog as Entries
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from desk_contracts.message import Carried, Message
from desk_contracts.messages.formats import Formats, end_sentence

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = ("en", "de")
# Days before months, a week that starts on Monday, and no comma before "and": Europe's English.
_LOCALES = {"en": Locale("en", "GB"), "de": Locale("de")}
_FOLDER = Path(__file__).with_name("locale")
# The parameter that chooses between singular and plural.
COUNT = "count"
_UTC = ZoneInfo("UTC")
# A parameter that is not there, as in an event of another release.
_MISSING = "…"
_READ = Formatter().parse


class Catalogue:
    """Everything that the desk can say, in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._locale = _LOCALES[language]
        compiled = io.BytesIO()
        write_mo(compiled, entries(language))
        compiled.seek(0)
        self._texts = gettext.GNUTranslations(compiled)

    def template(self, code: str, count: float | None = None) -> str | None:
        """The text of a code with its placeholders; None if this catalogue does not know it."""
        text = code
        if count is not None:
            # Halves are many: 1.5 is no singular in either language.
            number = int(count) if float(count).is_integer() else 2
            text = self._texts.ngettext(code, code, number)
        if text == code:
            text = self._texts.gettext(code)
        return None if text == code else text

    def render(self, message: Message, zone: ZoneInfo = _UTC) -> str:
        """The message as a sentence; moments are told in `zone`.

        A code that only a newer release knows is shown as it came, with its parameters.
        """
        count = message.params.get(COUNT)
        text = self.template(message.code, count if isinstance(count, int | float) else None)
        if text is None:
            return f"[{message}]"
        return self.fill(text, message.params, zone)

    def fill(self, text: str, params: Mapping[str, Carried], zone: ZoneInfo = _UTC) -> str:
        """A text of this catalogue with its placeholders filled in."""
        if not params and "{" not in text and "}" not in text:
            return text.strip()  # most of what an answer says
        formats = self.formats(zone)
        filled = "".join(
            literal + (self._show(params.get(name, _MISSING), kind, formats) if name else "")
            for literal, name, kind in _parse(text)
        ).strip()
        # Where a part is not said, two blanks meet.
        has_gaps = any(value in ("", ()) for value in params.values())
        return filled.replace("  ", " ") if has_gaps else filled

    def render_all(self, messages: "tuple[Message, ...]", zone: ZoneInfo = _UTC) -> str:
        """Several messages as running text."""
        return " ".join(self.render(message, zone) for message in messages)

    def word(self, domain: str, value: object) -> str:
        """How people call one of a closed set of choices, for example a state; else the choice."""
        name = str(value).lower().replace("_", "-")
        return self.template(f"{domain}.{name}") or str(value)

    def formats(self, zone: ZoneInfo) -> Formats:
        """Dates, numbers, lists as this language writes them."""
        return Formats(self._locale, zone)

    def _show(self, value: Carried, kind: str, formats: Formats) -> str:
        """The parameter as its placeholder wants it; nested messages in the same language.

        `{due:moment}`, `{share:percent}`, `{names:or}`, `{state:state}`, `{states:or state}`,
        `{reason:sentence}`.
        """
        if isinstance(value, Message):
            text = self.render(value, formats.zone)
            return end_sentence(text) if kind == "sentence" else text
        if isinstance(value, tuple):
            joined, _, domain = kind.partition(" ")
            return formats.join_parts([self._show(item, domain, formats) for item in value], joined)
        if kind in Formats.KINDS:
            return formats.show_param(value, kind)
        return self.word(kind, value) if kind else formats.plain(value)


@cache
def _parse(text: str) -> tuple[tuple[str, str, str], ...]:
    """What stands before each placeholder, its parameter and how it is shown."""
    return tuple((literal, name or "", kind or "") for literal, name, kind, _ in _READ(text))


@cache
def catalogue(language: Language) -> Catalogue:
    """The catalogue of a language, read once per process."""
    return Catalogue(language)


@lru_cache(maxsize=256)
def negotiate(accepted: str | None) -> Language:
    """The language that suits an `Accept-Language` header or a tag such as `de-AT` best.

    English where none of those asked for is there. RFC 9110, section 12.5.4.
    """
    wanted = sorted(map(_weigh, (accepted or "").split(",")), key=lambda weighed: -weighed[1])
    tags = [tag for tag, weight in wanted if weight > 0]
    locale = negotiate_locale(tags, list(LANGUAGES), sep="-")
    return "de" if locale == "de" else "en"


def _weigh(entry: str) -> tuple[str, float]:
    tag, _, rest = entry.partition(";")
    _, _, weight = rest.strip().partition("q=")
    try:
        return tag.strip().lower(), float(weight) if weight else 1.0
    except ValueError:
        return tag.strip().lower(), 0.0


def entries(language: Language) -> Entries:
    """What the files of a language hold, in one; `ValueError` if two files have one code."""
    whole = Entries(locale=language)
    for path in sorted((_FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            for entry in read_po(file, locale=language, abort_invalid=True):
                if entry.id and whole.get(entry.id) is not None:
                    raise ValueError(f"{path.name}: the code {entry.id} is there twice")
                if entry.id:
                    whole.add(entry.id, entry.string)
    return whole
