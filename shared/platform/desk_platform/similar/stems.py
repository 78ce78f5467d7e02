"""Stems of words, by the language they are written in."""

from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import chain

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
    name = _STEMMERS.get(language.partition("-")[0].casefold(), "")
    if not name:
        return list(words)
    return list(chain.from_iterable(_stem(word, name) for word in words))


@lru_cache(maxsize=8_192)  # few words make most of every text
def _stem(word: str, language: str) -> tuple[str, ...]:
    return tuple(_stemmer(language).analyze(word))


@cache
def _stemmer(language: str) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return builder.filter(tantivy.Filter.stemmer(language)).build()
