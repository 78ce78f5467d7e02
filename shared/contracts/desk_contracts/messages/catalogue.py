"""The catalogues: one folder of gettext files per language, a file for each subject.

Babel reads the files and knows plurals, dates, numbers and lists of each language (ADR 35).
"""

import gettext
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Literal
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
        filled = _Filled(self, zone).vformat(text, (), params).strip()
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


class _Filled(Formatter):
    """Fills a template: `{due:moment}`, `{share:percent}`, `{names:or}`, `{state:state}`,
    `{states:or state}`, `{reason:sentence}`."""

    def __init__(self, catalogue: Catalogue, zone: ZoneInfo) -> None:
        self._catalogue, self._zone = catalogue, zone
        self._formats = catalogue.formats(zone)

    def get_value(self, key: int | str, _args: object, kwargs: Any) -> object:
        """A parameter that is missing (an event of another release) is shown as missing."""
        return kwargs.get(key, "…")

    def format_field(self, value: object, format_spec: str) -> str:
        """The parameter as its placeholder wants it; nested messages in the same language."""
        if isinstance(value, Message):
            text = self._catalogue.render(value, self._zone)
            return end_sentence(text) if format_spec == "sentence" else text
        if isinstance(value, tuple):
            kind, _, domain = format_spec.partition(" ")
            return self._formats.join_parts(
                [self.format_field(item, domain) for item in value], kind
            )
        if format_spec in Formats.KINDS:
            return self._formats.show_param(value, format_spec)
        return (
            self._catalogue.word(format_spec, value) if format_spec else self._formats.plain(value)
        )


@cache
def catalogue(language: Language) -> Catalogue:
    """The catalogue of a language, read once per process."""
    return Catalogue(language)


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
