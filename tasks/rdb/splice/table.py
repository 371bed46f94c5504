"""A table for what may be as large as a value: in memory while small, then in an unnamed file."""

import sqlite3
from typing import Final

_CACHE_KIB: Final = 16384


def open_table(columns: str) -> sqlite3.Connection:
    """An empty table `item` with a BLOB `name` as its key, and these columns; gone when closed."""
    # the empty name: a database of this connection alone, deleted by SQLite as soon as it is open
    connection = sqlite3.connect("", isolation_level=None)
    for setting in (
        "page_size=8192",
        f"cache_size=-{_CACHE_KIB}",
        "journal_mode=OFF",
        "synchronous=OFF",
    ):
        connection.execute(f"PRAGMA {setting}")
    connection.execute("BEGIN")  # for good: a commit would write all pages
    connection.execute(f"CREATE TABLE item (name BLOB NOT NULL UNIQUE {columns})")
    return connection
