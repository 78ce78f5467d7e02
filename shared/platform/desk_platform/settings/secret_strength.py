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
    if placeholder := _PLACEHOLDER.search(secret):
        return f"it has the word '{placeholder.group().lower()}' in it, as examples do"
    period = (secret + secret).find(secret, 1)
    if period <= len(secret) // 2:
        return "it repeats itself"
    # Characters that stand beside a neighbour of the alphabet, or beside themselves.
    neighbours = sum(abs(ord(a) - ord(b)) <= 1 for a, b in itertools.pairwise(secret))
    if neighbours > len(secret) // 2:
        return "its characters follow each other as in the alphabet"
    # Bits for each character, after Shannon.
    shares = [count / len(secret) for count in Counter(secret).values()]
    if -sum(share * math.log2(share) for share in shares) < _BITS_PER_CHARACTER:
        return "it has too few different characters"
    return None
