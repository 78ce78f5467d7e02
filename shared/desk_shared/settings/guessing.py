"""Whether a secret can be guessed. Pure; an estimate, made to catch what was never random."""

import itertools
import math
import re
from collections import Counter

# What stands in examples and is left there; nothing random has these words in it.
_PLACEHOLDER = re.compile(
    r"change.?me|secret|passw(or)?d|example|default|placeholder|qwert|letmein|replace|experience.?desk",
    re.IGNORECASE,
)
# A random text of 32 hexadecimal digits has about 110 bits by this measure, a typed one far less.
_BITS_PER_CHARACTER = 2.5


def why_guessable(secret: str, least: int) -> str | None:
    """Half a sentence that says why, or None for what looks random and is long enough."""
    if len(secret) < least:
        return f"it has {len(secret)} characters, at least {least} are needed"
    if found := _PLACEHOLDER.search(secret):
        return f"it has the word '{found.group().lower()}' in it, as examples do"
    if _period(secret) <= len(secret) // 2:
        return "it repeats itself"
    if _steps(secret) > len(secret) // 2:
        return "its characters follow each other as in the alphabet"
    if _entropy(secret) < _BITS_PER_CHARACTER:
        return "it has too few different characters"
    return None


def _period(text: str) -> int:
    """After so many characters it begins again."""
    return (text + text).find(text, 1)


def _steps(text: str) -> int:
    """How many characters stand beside a neighbour of the alphabet, or beside themselves."""
    codes = [ord(one) for one in text]
    return sum(abs(a - b) <= 1 for a, b in itertools.pairwise(codes))


def _entropy(text: str) -> float:
    """Bits for each character, after Shannon."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)
