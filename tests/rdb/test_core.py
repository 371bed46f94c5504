"""The compiled core and the Python reader: the same answers, and the same words for damage."""

import io
import os
import random
import struct
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb import take_inventory
from redis_dr.tasks.rdb.base.lzf import LzfError, python_decompress
from redis_dr.tasks.rdb.compiled import core
from redis_dr.tasks.rdb.inventory.patterns import matcher
from tests.support import raw_rdb
from tests.support.core_mutations import (
    MORE,
    bare,
    compare,
    mutated,
    read,
    read_by_python,
    squeezed,
)
from tests.support.rdb_small_files import ALL, RECORDS

items = st.lists(
    st.integers(-(2**63), 2**63 - 1) | st.integers(-5000, 5000) | st.binary(max_size=90), max_size=9
)
numbers = st.integers(-(10**20), 10**20).map(str) | st.floats(allow_nan=False).map(repr)


@pytest.mark.parametrize("name", [*RECORDS, *MORE])
def test_every_kind_of_record_is_read_alike(name: str) -> None:
    """Each alone, each cut at every byte."""
    record = {**RECORDS, **MORE}[name]
    whole = raw_rdb.file(raw_rdb.database([record]), 12, checksum=False)
    compare(whole)
    for size in range(len(whole) - len(record), len(whole), 1 + len(record) // 60):
        compare(whole[:size])


def test_a_file_of_everything_is_read_alike() -> None:
    """All types, remarks and databases in one file."""
    compare(ALL)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([16, 17, 18, 20]), items, st.integers(0, 2))
def test_packed_values_are_read_alike(kind: int, packed: list[bytes | int], form: int) -> None:
    """Any listpack in any type that has one."""
    blob = raw_rdb.listpack(packed)
    text = squeezed(blob) if form else raw_rdb.string(blob)
    value = b"\x01\x02" + text if kind == 18 else text
    compare(raw_rdb.file(raw_rdb.database([raw_rdb.record(kind, b"k", value)]), 12))


@settings(max_examples=60, deadline=None)
@given(numbers | st.text("0123456789.-+eE_x infa", max_size=12))
def test_scores_are_read_alike(score: str) -> None:
    """Usual ones, which the core reads, and all others, which it leaves."""
    packed = raw_rdb.string(raw_rdb.listpack([b"m", score.encode()]))
    compare(raw_rdb.file(raw_rdb.database([raw_rdb.record(17, b"k", packed)]), 12))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([2, 4, 5]), st.lists(st.binary(max_size=3), max_size=8), st.floats())
def test_plain_tables_are_read_alike(kind: int, names: list[bytes], score: float) -> None:
    """Names that stand twice and empty ones included."""
    behind = {2: b"", 4: b"\x01v", 5: struct.pack("<d", score)}[kind]
    value = raw_rdb.length(len(names)) + b"".join(raw_rdb.string(each) + behind for each in names)
    compare(raw_rdb.file(raw_rdb.database([raw_rdb.record(kind, b"k", value)]), 12))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("ab:", min_size=1, max_size=3) | st.just("{x}"), min_size=1, max_size=6),
    st.lists(st.binary(max_size=4) | st.text("ab:", max_size=9).map(str.encode), max_size=9),
)
def test_patterns_are_decided_alike(parts: list[str], keys: list[bytes]) -> None:
    """Every key falls under the rule that the expression of Python gives it."""
    rules = (KeyRule(pattern="".join(parts)), KeyRule(pattern="a{x}"))
    _, indexes = matcher(rules, 0)
    rows = [(0, key, None, None, 0, 0, 0) for key in keys]
    found = indexes(rows)
    tally = core.Tally(tuple(tuple(p.encode() for p in r.literals) for r in rules), False, 0, None)  # type: ignore[union-attr] # conftest.py leaves this file out then
    tally.feed(b"".join(raw_rdb.record(0, key, b"\0") for key in keys), 0, 0, 1 << 62, 1 << 62)

    assert [each[0] for each in tally.totals()[7]] == [found.count(1), found.count(2)]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 500))
def test_lzf_is_unpacked_alike(data: bytes, length: int) -> None:
    """The same bytes as the reference, or none where that refuses."""
    try:
        expected: bytes | None = python_decompress(data, length)
    except LzfError:
        expected = None

    assert core.unpack(data, length) == expected  # type: ignore[union-attr] # conftest.py leaves this file out then


def test_mutated_files_are_read_alike() -> None:
    """250 of them here; `make soak` runs them for minutes, under AddressSanitizer."""
    for _, body in zip(range(250), mutated(random.Random(17)), strict=False):
        bare(body)
        compare(raw_rdb.file(raw_rdb.database([body]), 12, checksum=False))


@pytest.mark.slow
def test_values_beyond_the_window_are_read_alike() -> None:
    """Values of some megabytes, at the edges of the buffer as it grows, between small keys."""
    small = RECORDS["string"] * 9
    for size in ((1 << 20) - 40, 3 << 20, 17 << 20):
        fields = raw_rdb.strings([b"%08d" % n + bytes(4000) for n in range(size // 4010 & ~1)])
        table = raw_rdb.record(4, b"k", raw_rdb.length(size // 4010 // 2) + fields)
        value = raw_rdb.record(0, b"s", raw_rdb.string(bytes(size)))
        data = raw_rdb.file(raw_rdb.database([small, table, small, value, small]), 12)
        assert read(data, digest=True, alive_at_ms=None) == read_by_python(
            data, digest=True, alive_at_ms=None
        )


def test_the_core_is_what_reads() -> None:
    """No test above passes because the core left everything to Python."""
    for name in ("string", "string lzf", "intset", "hash listpack", "zset listpack", "set", "hash",
                 "quicklist 2", "stream 2", "stream 3", "set listpack", "zset 2"):  # fmt: skip
        rows: list[object] = []
        core.scan(RECORDS[name], 0, 0, rows, [], 9)  # type: ignore[union-attr] # conftest.py leaves this file out then
        assert len(rows) == 1, name


def test_python_alone_reads_the_same() -> None:
    """With REDIS_DR_PURE_PYTHON set there is no core, and the inventory is the same."""
    here = take_inventory(io.BytesIO(ALL)).model_dump_json()
    code = (
        "import io; from redis_dr.tasks.rdb import take_inventory;"
        "from redis_dr.tasks.rdb.compiled import core; assert core is None;"
        "from tests.support.rdb_small_files import ALL;"
        "print(take_inventory(io.BytesIO(ALL)).model_dump_json())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "REDIS_DR_PURE_PYTHON": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.strip() == here
