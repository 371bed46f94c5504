"""Two readers of one stream: each gets every byte, and neither waits for one that is gone."""

import io
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.storage.pipeline.tee import Tee
from tests.support.stores import broken, noise

_MORE_THAN_WAITS = 3_000_000  # bytes: many times what may wait between the two readers


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300_000), st.integers(1, 70_000), st.integers(1, 70_000))
def test_both_readers_get_every_byte(size: int, first: int, second: int) -> None:
    """Whatever the lengths of their reads are."""
    data = noise(size)

    def read_all(file: BinaryIO) -> bytes:
        return b"".join(iter(lambda: file.read(second), b""))

    tee = Tee(io.BytesIO(data), read_all)
    assert b"".join(iter(lambda: tee.read(first), b"")) == data
    tee.finish()
    assert tee.result() == data


def test_a_second_reader_that_returns_early_stops_nothing() -> None:
    """The first reader still gets the whole stream."""
    data = noise(_MORE_THAN_WAITS)
    tee = Tee(io.BytesIO(data), lambda file: file.read(10))
    assert b"".join(iter(lambda: tee.read(10_000), b"")) == data
    tee.finish()
    assert tee.result() == data[:10]


def test_an_error_of_the_second_reader_stops_the_first() -> None:
    """A file that breaks its own format is not stored to its end."""

    def fail(file: BinaryIO) -> bytes:
        file.read(10)
        raise ZeroDivisionError("second")

    tee = Tee(io.BytesIO(noise(_MORE_THAN_WAITS)), fail)
    with pytest.raises(ZeroDivisionError, match="second"):
        list(iter(lambda: tee.read(10_000), b""))
    tee.finish()
    with pytest.raises(ZeroDivisionError, match="second"):
        tee.result()


def test_a_source_that_breaks_ends_the_second_reader() -> None:
    """It sees the end of its stream instead of waiting for ever."""
    tee = Tee(broken(50_000, ZeroDivisionError("source")), lambda file: len(file.read(10**6)))
    with pytest.raises(ZeroDivisionError, match="source"):
        list(iter(lambda: tee.read(10_000), b""))
    tee.finish()
    assert tee.result() <= 50_000
