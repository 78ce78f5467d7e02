"""What is counted of a ticket: its words, the characters within longer words, service, category.

Each is a number, the CRC-32 of its text. No language is special: words are compared as everywhere,
letters without blanks between words count in pairs, and four letters in a row stand for words
that are inflected, put together or mistyped.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from desk_contracts.text import terms as split_terms

# The gist stands at the beginning; what comes behind is the thread that was forwarded.
MOST_READ = 2_000
MOST_WORDS = 40
LONGEST_WORD = 24
_GRAM = 4


class NumberedWord(NamedTuple):
    """A word and the runs of four letters in it, as numbers; short words have none."""

    id: int
    grams: tuple[int, ...]


def read_words(title: str, description: str) -> tuple[str, ...]:
    """The first different words of a ticket, title first; bounded, whatever was written."""
    words = split_terms(f"{title[:MOST_READ]}\n{description[:MOST_READ]}")
    kept = (word[:LONGEST_WORD] for word in words if len(word) > 1)
    return tuple(dict.fromkeys(kept))[:MOST_WORDS]


@lru_cache(maxsize=65_536)
def number_word(word: str) -> NumberedWord:
    """The numbers of a word."""
    runs = range(len(word) - _GRAM + 1) if len(word) > _GRAM else ()
    grams = {crc32(b"~" + word[start : start + _GRAM].encode()) for start in runs}
    return NumberedWord(crc32(word.encode()), tuple(sorted(grams)))


@lru_cache(maxsize=4_096)
def number_key(kind: str, name: str) -> int:
    """The number of a service or category; no word has the same but by chance."""
    return crc32(f"\0{kind}\0{name}".encode())


def number_terms(words: Iterable[str], service: str, category: str) -> frozenset[int]:
    """Everything that is counted of one ticket."""
    numbers: set[int] = set()
    for text in words:
        word = number_word(text)
        numbers.add(word.id)
        numbers.update(word.grams)
    if service:
        numbers.add(number_key("service", service))
        numbers.add(number_key("category", f"{service}/{category}"))
    return frozenset(numbers)
