"""Markdown as HTML that is safe to show, whoever wrote it."""

from functools import cache

import nh3
from markdown_it import MarkdownIt

# No images: whoever wrote the article would learn who reads it.
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto"}


def render_markdown(text: str) -> str:
    """HTML without scripts, styles, images or raw HTML. Links are to the web and to mailboxes."""
    html = _parser().render(text)
    return nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes=_SCHEMES)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
