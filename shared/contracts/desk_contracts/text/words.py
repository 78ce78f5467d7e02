"""The one form in which words are compared, however they were typed.

Used by routing rules, services' keywords, the learner, clusters and rankings of demand. Both sides
of every comparison pass through here; what is shown stays as it was written.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple

from desk_contracts.text.characters import without_invisible

# Kept with what was learned. Raise it whenever a text may come out otherwise than before.
NORMALISER = 2

# Marks that people leave out or cannot type: accents of Latin, Greek and Cyrillic letters, Hebrew
# points, Arabic vowels. Those of Indic, Thai and Japanese letters are no ornament and stay.
_ORNAMENT = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
# Letters that Unicode does not take apart, and those that are typed for one another.
_ALPHABET = {
    "\u0131": "i",  # dotless
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "ŧ": "t",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "\u06cc": "\u064a",  # Persian yeh
    "\u0649": "\u064a",  # alef maksura
    "\u06a9": "\u0643",  # Persian kaf
    "\u0629": "\u0647",  # teh marbuta
}
# Written without blanks: Thai, Lao, Myanmar, Khmer, kana, bopomofo, Han. Each character is a word
# of its own, so that a word of several is found as a phrase, wherever it stands.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf"
    "\u3005-\u3007\u3040-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")
_ASCII_WORD = re.compile("[a-z0-9]+")
_MOST_CHARACTERS = 8_192


class _Alphabet(dict[int, str]):
    """What stands for a character: letters, marks and digits themselves, a blank for the rest."""

    def __init__(self, others: Mapping[str, str]) -> None:
        super().__init__()
        self._others = others

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_CHARACTERS:  # nobody fills the memory with characters
            self.clear()
        character = chr(code)
        category = unicodedata.category(character)
        letter = character if category[0] in "LMN" else " "
        if category == "Nd":
            letter = str(unicodedata.decimal(character))
        self[code] = letter = self._others.get(character) or letter
        return letter


_alphabet, _shown_alphabet = _Alphabet(_ALPHABET), _Alphabet({})


def words_of(text: str) -> list[str]:
    """The words of a text in their order, each in the form in which it is compared."""
    text = without_invisible(text)
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = _ORNAMENT.sub("", unicodedata.normalize("NFKD", plain))
    return _WORD.findall(unicodedata.normalize("NFC", plain).translate(_alphabet))


def name_of(text: str) -> str:
    """One name for what many people wrote, fit to be shown: accents stay, spelling does not.

    Case, form, invisible characters and signs between words make no other name.
    """
    plain = unicodedata.normalize("NFKD", without_invisible(text)).casefold()
    words = _WORD.findall(unicodedata.normalize("NFKC", plain).translate(_shown_alphabet))
    runs = groupby(words, key=lambda word: bool(_IS_UNSPACED.match(word)))
    return " ".join(("" if is_unspaced else " ").join(run) for is_unspaced, run in runs)


@lru_cache(maxsize=4096)
def plain_words(text: str) -> str:
    """A word or phrase as it is compared: words parted by single spaces."""
    return " ".join(words_of(text))


class Phrase(NamedTuple):
    """What a rule looks for: its words, and whether the last one may go on."""

    words: str
    may_go_on: bool


@lru_cache(maxsize=4096)
def read_phrase(written: str) -> Phrase:
    """A word of a rule; `druck*` also means `drucker`, whichever star was typed."""
    stars = unicodedata.normalize("NFKC", without_invisible(written)).rstrip()
    return Phrase(plain_words(written), stars.endswith("*"))


class SpokenWords:
    """A text cut into words once, so that many rules can be asked about it.

    Hyphens part words, so `vpn` is found in `VPN-Verbindung` and `e-mail` in `e mail`.
    """

    def __init__(self, text: str) -> None:
        words = words_of(text)
        self.words = frozenset(words)
        self._line = f" {' '.join(words)} "

    def has(self, word: str) -> bool:
        """A whole word or phrase; `druck*` also finds `drucker` and `druckertreiber`."""
        plain, may_go_on = read_phrase(word)
        if not plain:
            return False
        if may_go_on:
            return f" {plain}" in self._line
        return plain in self.words or f" {plain} " in self._line


def terms(text: str) -> list[str]:
    """What to count in a text: its words; pairs of characters where no blanks part words."""
    words = words_of(text)
    return words if text.isascii() else list(_terms(words))


def _terms(words: Iterable[str]) -> Iterator[str]:
    for is_unspaced, run in groupby(words, key=lambda word: bool(_IS_UNSPACED.match(word))):
        characters = list(run)
        if is_unspaced and len(characters) > 1:
            yield from (f"{first}{other}" for first, other in pairwise(characters))
        else:
            yield from characters
