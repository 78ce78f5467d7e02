"""Many rows in one statement.

A statement for each row would be a call for each, and after every call the thread that writes waits
for its turn in Python. In one call for many rows SQLite works by itself, while others run.
"""

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain, repeat

# A statement of so many rows is prepared once and kept; more at once are not written quicker.
_MOST = 512


def change_rows(
    connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]
) -> int:
    """How many rows were changed. In the statement `VALUES ?` stands for all that are given.

    One that is given twice must change nothing the second time.
    """
    changed = 0
    for first in range(0, len(rows), _MOST):
        part = rows[first : first + _MOST]
        # The last one again, up to a power of two: so few statements serve any number of rows.
        count = 1 << (len(part) - 1).bit_length()
        values = list(chain.from_iterable(chain(part, repeat(part[-1], count - len(part)))))
        changed += connection.execute(_text(statement, count, len(part[0])), values).rowcount
    return changed


@cache
def _text(statement: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return statement.replace("VALUES ?", f"VALUES {', '.join([row] * rows)}")
