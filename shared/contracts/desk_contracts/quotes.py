"""What an outsider sent, as part of a sentence: never longer than a sentence bears."""

_LONGEST = 80


def quote(text: str) -> str:
    """The text in quotes, shortened where it is long."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({len(text)} characters)"
    return f"'{text}'"
