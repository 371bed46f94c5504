"""LZF: at once, in pieces and by the system's library, always the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redis_dr.tasks.rdb.base.lzf import LzfError, SystemLzf, decompress, python_decompress, stream
from tests.rdb.conftest import Servers

literals = st.binary(min_size=1, max_size=32).map(lambda run: bytes((len(run) - 1,)) + run)
references = st.tuples(
    st.integers(1, 7), st.integers(0, 31), st.integers(0, 255), st.binary(min_size=1, max_size=1)
).map(lambda t: bytes((t[0] << 5 | t[1],)) + (t[3] if t[0] == 7 else b"") + bytes((t[2],)))


@settings(deadline=None)
@given(
    st.lists(literals | references, max_size=60).map(b"".join),
    st.lists(st.integers(1, 50), min_size=1),
    st.integers(-2, 2),
)
def test_lzf_in_pieces_is_lzf_at_once(data: bytes, cuts: list[int], off: int) -> None:
    """The stream gives what the whole gives, or both refuse; a wrong length is always refused."""
    length = _length(data) + off

    def in_pieces() -> bytes:
        parts, at, turn = [], 0, 0
        while at < len(data):
            parts.append(data[at : at + cuts[turn % len(cuts)]])
            at += len(parts[-1])
            turn += 1
        return b"".join(stream(iter(parts), length))

    at_once, piecewise = (_result(call) for call in (lambda: decompress(data, length), in_pieces))

    assert at_once == piecewise
    assert off == 0 or at_once is None


def _length(data: bytes) -> int:
    """What the instructions come to, without running them."""
    at = total = 0
    while at < len(data):
        control = data[at]
        if control < 32:
            total += control + 1
            at += control + 2
        else:
            long = control >> 5 == 7
            total += (control >> 5) + 2 + (data[at + 1] if long else 0)
            at += 3 if long else 2
    return total


def _result(call: Callable[[], bytes]) -> bytes | None:
    try:
        return call()
    except LzfError:
        return None


@pytest.fixture(scope="session")
def implementations(
    any_server: Servers, tmp_path_factory: pytest.TempPathFactory
) -> list[Callable[[bytes, int], bytes]]:
    """The one in use, ours, and liblzf as the image's server uses it, if that links to it."""
    found = any_server("redis70").sh("find / -xdev -type f -name 'liblzf.so.1*' || true").split()
    path: Path = tmp_path_factory.mktemp("lzf") / "liblzf.so.1"
    for name in found[:1]:
        path.write_bytes(any_server("redis70").read_file(name))
    return [decompress, python_decompress, *(SystemLzf(str(path)).decompress for _ in found[:1])]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(literals | references, max_size=60).map(b"".join), st.integers(-2, 2))
def test_the_systems_library_gives_the_same(
    implementations: list[Callable[[bytes, int], bytes]], data: bytes, off: int
) -> None:
    """liblzf and our own code give the same bytes, or both refuse."""
    length = max(_length(data) + off, 1)

    results = {_result(lambda call=call: call(data, length)) for call in implementations}

    assert len(results) == 1
