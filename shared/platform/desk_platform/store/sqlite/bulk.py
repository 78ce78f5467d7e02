"""Many rows in one statement.

A statement for each row would be a call for each, and after every call the thread that writes waits
for its turn in Python. In one call for many rows SQLite works by itself, while others run.
"""

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain

# A statement of so many rows is prepared once and kept; of more, none is quicker.
_MOST = 256


def change_rows(
    connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]
) -> int:
    """How many rows were changed. In the statement `VALUES ?` stands for all that are given."""
    changed, first = 0, 0
    while first < len(rows):
        # Powers of two, so that any number of rows is made of few statements.
        count = min(_MOST, 1 << (len(rows) - first).bit_length() - 1)
        part = rows[first : first + count]
        values = list(chain.from_iterable(part))
        changed += connection.execute(_text(statement, count, len(part[0])), values).rowcount
        first += count
    return changed


@cache
def _text(statement: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return statement.replace("VALUES ?", f"VALUES {', '.join([row] * rows)}")
