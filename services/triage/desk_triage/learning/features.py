"""What of a ticket is learned from: its words, pieces of words, and what was stated.

Each feature is a number, a hash of what it stands for, so that a model holds no text of anybody.
The work is bounded, however long a ticket is; every script and language takes the same way.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain, combinations, pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.text import plain_words, terms
from numpy.typing import NDArray

# Of a longer text its beginning is read and its end, where the last of a mail thread stands.
MAX_READ, MAX_END = 8_000, 2_000
MAX_WORDS, MAX_WORD = 2_000, 32
MAX_STATED = 60
PIECES = (3, 4, 5)
# How often a feature stands in one ticket says no more beyond this.
MAX_COUNT = 255
# Attributes that name the ticket itself, or that an imported ticket has and no live one: what was
# decided later would tell the answer.
_OWN = frozenset({"number", "decided_category"})

_MAIL = re.compile(r"[^\s@<>()]{1,64}@[^\s@<>()]{1,255}")
_LINK = re.compile(r"https?://(?:www\.)?([\w.-]{1,80})\S{0,2000}")
_MARKUP = re.compile(r"<[a-zA-Z/!][^<>]{0,500}>|&(?:[a-z]{2,8}|#\d{1,6});")
# Ids, telephones and amounts are of one ticket only; 404, 365 and 10 may tell a team.
_NUMBER = re.compile(r"\b(?=[\da-fA-F-]*\d)[\da-fA-F]{6,}(?:-[\da-fA-F]{2,})*\b|\d[\d.,:/-]*\d{3,}")
# Whom a letter greets up to the comma, and who signs it in a line below; never what it says.
_GREETING = re.compile(
    r"(?m)^[ \t]*(?:dear|hi|hello|hallo|liebe[rs]?|sehr geehrte[rs]?|guten (?:tag|morgen)|bonjour"
    r"|cher|ch[èe]re|hola|estimad[oa]s?|querid[oa]s?|ol[áa]|prezad[oa]s?|caro|gentile)"
    r"(?:[ \t]+[\w.'-]{1,32}){0,3}[ \t]*[,!:]",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"(?m)^[ \t]*(?:(?:best |kind |warm |with )?regards|thanks|thank you|cheers|best wishes"
    r"|sincerely|mit (?:freundlichen|besten) gr[üu](?:ß|ss)en|(?:viele|liebe|beste) gr[üu](?:ß|ss)e"
    r"|cordialement|saludos(?: cordiales)?|atentamente|atenciosamente|cordiali saluti)[ \t,!.]*$"
    r"(?:\n[ \t]*[\w.'-]{1,32}(?:[ \t]+[\w.'-]{1,32}){0,3}[ \t]*$)?",
    re.IGNORECASE,
)


Hashes = NDArray[np.uint32]
_NONE: Hashes = np.empty(0, np.uint32)
# Each kind of feature has hashes of its own.
_WORDS, _PIECES, _STATED = (crc32(kind) for kind in (b"word", b"piece", b"stated"))
# Who asks tells a team, and is nobody's reason.
_PERSON = "requester="
_FORM = frozenset({"kind", "channel", "impact", "urgency", "requester"})


class Features(NamedTuple):
    """The features of one ticket, each once, by kind: their hashes and how often they stand in it.

    `words` are those that can be told as a reason, as they are compared.
    """

    hashes: Hashes
    counts: NDArray[np.uint8]
    kinds: tuple[int, int, int]
    """How many of them are words and pairs of words, pieces of words, and what was stated."""
    words: tuple[str, ...]
    is_bare: bool
    """Whether nothing was said and nothing stated but by what way it came, and how bad it is."""


def mask(text: str) -> str:
    """A text without what is of one ticket or one person: addresses, numbers, who greets whom."""
    text = _LINK.sub(r" \1 ", _MAIL.sub(" ", _MARKUP.sub(" ", text)))
    return _NUMBER.sub(" 0 ", _GREETING.sub(" ", _SIGNATURE.sub(" ", text)))


def read_words(text: str, *, without: Iterable[str] = ()) -> list[str]:
    """The words of a text of any length that are worth learning, in their order."""
    if len(text) > MAX_READ + MAX_END:
        text = f"{text[:MAX_READ]}\n{text[-MAX_END:]}"
    hidden = frozenset(without)
    words = (word[:MAX_WORD] for word in terms(mask(text)) if word not in hidden)
    return list(words)[:MAX_WORDS]


def extract_features(opened: TicketOpened) -> Features:
    """What is learned of a ticket, and asked about it: what it has from its first moment on."""
    persons = terms(f"{opened.requester} {opened.requester_written}")
    title = read_words(opened.title, without=persons)
    description = read_words(opened.description, without=persons)
    own = {name: text for name, text in opened.attributes.items() if name not in _OWN}
    stated: dict[str, str] = {"service": opened.service, "site": opened.site, "group": opened.group}
    stated |= {"device": opened.device, "requester": opened.requester, **own}
    stated |= {"kind": opened.kind, "channel": opened.channel}
    stated |= {"impact": opened.impact or "", "urgency": opened.urgency or ""}
    return make_features(title, description, stated)


def make_features(title: list[str], description: list[str], stated: Mapping[str, str]) -> Features:
    """From words and stated fields; a pair of words or of fields is a feature as well."""
    words = [*title, *description]
    pairs = (f"{first} {second}" for first, second in chain(pairwise(title), pairwise(description)))
    fields = sorted(
        f"{name}={plain_words(text) or text}"
        for name, text in stated.items()
        if text and text != "unknown" and len(text) <= MAX_STATED
    )
    kinds = [
        _count(_hash_all(_WORDS, chain(words, pairs))),
        _count(np.concatenate([_NONE, *map(_cut, words)])),
        _count(_hash_all(_STATED, chain(fields, map("&".join, combinations(fields[:12], 2))))),
    ]
    shown = (*(word for word in sorted({*words}) if not word.isdecimal()), *fields)
    return Features(
        np.concatenate([hashes for hashes, _ in kinds]),
        np.concatenate([counts for _, counts in kinds]),
        (len(kinds[0][0]), len(kinds[1][0]), len(kinds[2][0])),
        tuple(text for text in shown if not text.startswith(_PERSON)),
        not words and all(field.partition("=")[0] in _FORM for field in fields),
    )


def hash_shown(text: str) -> int:
    """The feature of what can be told as a reason: `vpn`, or `site=berlin`."""
    return crc32(text.encode(), _STATED if "=" in text else _WORDS)


def _hash_all(kind: int, texts: Iterable[str]) -> Hashes:
    numbers = [crc32(text.encode(), kind) for text in texts]
    return np.array(numbers, np.uint32)


def _count(numbers: Hashes) -> tuple[Hashes, NDArray[np.uint8]]:
    """Sorted, so that the order of words changes no sum."""
    hashes, counts = np.unique(numbers, return_counts=True)
    return hashes, np.minimum(counts, MAX_COUNT).astype(np.uint8)


@lru_cache(maxsize=50_000)
def _cut(word: str) -> Hashes:
    """Pieces of three to five characters, with where the word begins and ends."""
    edged = f" {word} "
    pieces = [
        edged[start : start + size] for size in PIECES for start in range(len(edged) - size + 1)
    ]
    return _hash_all(_PIECES, pieces)
