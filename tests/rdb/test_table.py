"""The table of docs/rdb.md and the tests of types: neither may forget a type."""

import re
from pathlib import Path

from redis_dr.tasks.rdb.base.format import TYPES
from tests.rdb.test_types import BY_HAND, WRITTEN

NAMES = {"redis70": "Redis 7.0", "redis80": "Redis 8.0", "valkey81": "Valkey 8.1"}
ENCODINGS = {f"{name} {encoding}" for name, encoding in TYPES.values()}
DOCUMENT = Path(__file__).parents[2] / "docs" / "rdb.md"
ROW = re.compile(
    r"^\| \d+ \| (?P<encoding>[a-z0-9 ]+?)(?: \(.*\))? \| \d+ "
    r"\| (?P<written>.*?)\| (?P<hand>.*?)\|$"
)


def _table() -> dict[str, tuple[set[str], set[str]]]:
    """Encoding: who writes it, who judges what was made by hand."""
    found = map(ROW.match, DOCUMENT.read_text().splitlines())
    return {
        row["encoding"]: tuple(  # type: ignore[misc] # two of them
            {name for name in NAMES.values() if name in row[column]}
            for column in ("written", "hand")
        )
        for row in found
        if row
    }


def test_every_type_has_a_test() -> None:
    """Each encoding that the reader knows is written by a server, or by hand and judged by one."""
    assert {row[0] for row in WRITTEN} | {row[0] for row in BY_HAND} == ENCODINGS


def test_the_table_says_what_the_tests_do() -> None:
    """Each row of the table names exactly the servers that its test takes."""
    expected: dict[str, tuple[set[str], set[str]]] = {name: (set(), set()) for name in ENCODINGS}
    for encoding, _, versions in WRITTEN:
        expected[encoding][0].update(NAMES[version] for version in versions)
    for encoding, _, _, judge in BY_HAND:
        expected[encoding][1].add(NAMES[judge])

    assert _table() == expected
