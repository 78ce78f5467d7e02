"""The words of a mail: HTML as text, and an answer without what it quotes.

Pure, and linear in the text's length: whoever writes a mail must not hold up the desk with it.
(mail-parser-reply knows more languages; 20,000 characters of blank lines kept it busy for more than
a minute, so the marks of quotations are looked for here, a line at a time.)
"""

import re
from html.parser import HTMLParser

from desk_contracts.text import is_visible

_HIDDEN = frozenset({"script", "style", "head", "title", "template", "noscript"})
_BLOCKS = frozenset(
    {"p", "div", "br", "li", "tr", "table", "ul", "ol", "blockquote", "pre", "hr", "section"}
    | {f"h{level}" for level in range(1, 7)}
)
_MOST_DEPTH = 200
_LONGEST_MARK = 300  # desk-skip: mutate one more or less bounds as well
# "On Monday, Ana wrote:", in the languages whose mail programs are met most.
_WROTE = re.compile(
    r"\b(wrote|writes|schrieb|schreibt|écrit|escribió|scritto|schreef|napisał\(?a?\)?|skrev)\b"
    r"[^:]{0,200}:\s*$",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"^\s*(>\s*)*(on|am|le|el|il|op|dnia|den|w dniu)\b", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"^\s*-{2,}\s*(original message|ursprüngliche nachricht|message d'origine|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht|original-nachricht)\s*-{2,}\s*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\s*\*?(from|von|de|da|van|od)\s?:\*?\s*\S", re.IGNORECASE)
_OTHER_HEADS = re.compile(
    r"^\s*\*?(sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|à|objet|enviado|para|asunto"
    r"|inviato|a|oggetto|verzonden|aan|onderwerp)\s?:",
    re.IGNORECASE,
)
_LINE = re.compile(r"^_{10,}\s*$")


class _VisibleText(HTMLParser):
    """Collects what a reader would see. What is quoted by the mail program gets its `>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _HIDDEN:
            self._hidden = min(self._hidden + 1, _MOST_DEPTH)
        if tag == "blockquote":
            self._quoted = min(self._quoted + 1, _MOST_DEPTH)
        if tag in _BLOCKS:
            self.parts.append("\n" + "> " * bool(self._quoted))

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if tag == "blockquote":
            self._quoted = max(0, self._quoted - 1)
        if tag in _BLOCKS and tag != "br":
            self.parts.append("\n" + "> " * bool(self._quoted))

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def read_html(html: str) -> str:
    """What a reader would see of a mail in HTML, as lines of text."""
    words = _VisibleText()
    words.feed(html)
    words.close()
    lines = [line.strip() for line in "".join(words.parts).split("\n")]
    kept = [line for line in lines if line not in (">", "")]
    return "\n".join(kept)


def drop_quotations(text: str) -> str:
    """What the sender wrote above, or between, what they quote; all of it if nothing is left.

    Quoted lines between their own stay: an answer to one point needs that point.
    """
    lines = text.split("\n")
    end = next((at for at in range(len(lines)) if _is_mark(lines, at)), len(lines))
    own = lines[:end]
    while own and (not own[-1].strip() or own[-1].lstrip().startswith(">")):
        own.pop()
    written = "\n".join(own).strip()
    return written if is_visible(written) else text.strip()


def _is_mark(lines: list[str], at: int) -> bool:
    """Whether what follows from this line on is quoted."""
    line = lines[at][:_LONGEST_MARK]
    if _ORIGINAL.match(line):
        return True
    if _BEGINS.match(line):
        # Mail programs break this line where it gets long.
        for count in (1, 2, 3):
            whole = " ".join(part.strip() for part in lines[at : at + count])
            if _WROTE.search(whole[:_LONGEST_MARK]):
                return True
    heads = lines[at + 1 : at + 5] if _FROM.match(line) else []
    if sum(bool(_OTHER_HEADS.match(head[:_LONGEST_MARK])) for head in heads) >= 2:
        return True
    return bool(_LINE.match(line)) and at + 1 < len(lines) and bool(_FROM.match(lines[at + 1][:99]))
