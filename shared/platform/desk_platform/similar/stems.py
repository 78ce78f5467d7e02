"""Stems of words, by the language they are written in."""

from collections.abc import Iterable
from functools import cache

import tantivy

# Snowball's, by the language of BCP 47. Texts in others are found by words and n-grams.
_STEMMERS = {
    "ar": "arabic", "da": "danish", "nl": "dutch", "en": "english", "fi": "finnish",
    "fr": "french", "de": "german", "el": "greek", "hu": "hungarian", "it": "italian",
    "no": "norwegian", "nb": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip


def read_stems(words: Iterable[str], language: str) -> list[str]:
    """The stems of words in a language; the words themselves where nobody wrote a stemmer."""
    analyzer = _stemmer(_STEMMERS.get(language.partition("-")[0].casefold(), ""))
    return list(words) if analyzer is None else analyzer.analyze(" ".join(words))


@cache
def _stemmer(language: str) -> tantivy.TextAnalyzer | None:
    if not language:
        return None
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return builder.filter(tantivy.Filter.stemmer(language)).build()
