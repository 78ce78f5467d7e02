"""What a command or a service says to the person at the terminal; nothing said acts there."""

import os
import sys
from typing import TextIO

from desk_contracts.messages import Catalogue, catalogue, negotiate
from desk_contracts.text import json_text, plain_text


def spoken_here() -> Catalogue:
    """The catalogue in the language of the terminal, as POSIX's variables name it."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    language = next((value for name in names if (value := os.environ.get(name))), "")
    return catalogue(negotiate(language.partition(".")[0].replace("_", "-")))


def say(text: object = "") -> None:
    """A line, or several, on standard output."""
    _write(sys.stdout, plain_text(text))


def say_json(document: str) -> None:
    """A JSON document on standard output: for programs, and safe to look at."""
    _write(sys.stdout, json_text(document))


def complain(text: object) -> None:
    """A line, or several, on standard error."""
    _write(sys.stderr, plain_text(text))


def _write(stream: TextIO, text: str) -> None:
    """A terminal that cannot show a letter gets its number, never an error."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
