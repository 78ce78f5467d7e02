"""Texts that callers write, as the OpenAPI document promises to take them."""

from pydantic import StringConstraints


def trim_text(most: int) -> StringConstraints:
    """Without the blanks around it, and not empty then: the pattern says so to clients."""
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=most, pattern=r"\S")
