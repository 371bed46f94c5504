"""LZF: at once, in pieces, by the wheel, in Python and by liblzf, always the same."""

import ctypes
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.errors import RdbError
from redis_dr.tasks.rdb.base import lzf
from redis_dr.tasks.rdb.base.lzf import LzfError, decompress, python_decompress, stream
from redis_dr.tasks.rdb.base.reader import Reader
from tests.rdb.conftest import Servers

literals = st.binary(min_size=1, max_size=32).map(lambda run: bytes((len(run) - 1,)) + run)
references = st.tuples(
    st.integers(1, 7), st.integers(0, 31), st.integers(0, 255), st.binary(min_size=1, max_size=1)
).map(lambda t: bytes((t[0] << 5 | t[1],)) + (t[3] if t[0] == 7 else b"") + bytes((t[2],)))

mutation_kinds = st.sampled_from(["flip", "cut", "lost", "more"])


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


def _reference(path: Path) -> Callable[[bytes, int], bytes]:
    """The C function of this liblzf, called directly."""
    call = ctypes.CDLL(str(path)).lzf_decompress
    call.argtypes = (ctypes.c_char_p, ctypes.c_uint, ctypes.c_char_p, ctypes.c_uint)
    call.restype = ctypes.c_uint

    def run(data: bytes, length: int) -> bytes:
        out = ctypes.create_string_buffer(length)
        if call(data, len(data), out, length) != length:
            raise LzfError("liblzf refuses")
        return out.raw

    return run


@pytest.fixture(scope="session")
def implementations(
    any_server: Servers, tmp_path_factory: pytest.TempPathFactory
) -> list[Callable[[bytes, int], bytes]]:
    """The one in use, ours, and liblzf as the image's server uses it, if that links to it."""
    names = any_server("redis70").sh("find / -xdev -type f -name 'liblzf.so.1*' || true").split()
    path: Path = tmp_path_factory.mktemp("lzf") / "liblzf.so.1"
    for name in names[:1]:
        path.write_bytes(any_server("redis70").read_file(name))
    return [decompress, python_decompress, *(_reference(path) for _ in names[:1])]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(literals | references, max_size=60).map(b"".join), st.integers(-2, 2))
def test_the_systems_library_gives_the_same(
    implementations: list[Callable[[bytes, int], bytes]], data: bytes, off: int
) -> None:
    """liblzf and our own code give the same bytes, or both refuse."""
    length = max(_length(data) + off, 1)

    results = {_result(lambda call=call: call(data, length)) for call in implementations}

    assert len(results) == 1


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(-5, 30_000))
def test_any_bytes_give_the_same_by_wheel_and_in_python(data: bytes, length: int) -> None:
    """Hostile input of any kind: both give the same bytes, or both raise LzfError."""
    assert _result(lambda: decompress(data, length)) == _result(
        lambda: python_decompress(data, length)
    )


@settings(deadline=None, max_examples=200)
@given(
    st.lists(literals | references, min_size=1, max_size=60).map(b"".join),
    st.lists(
        st.tuples(st.integers(0), st.sampled_from(["flip", "cut", "lost", "more"])), min_size=1
    ),
)
def test_a_mutated_stream_gives_the_same_or_is_refused(
    data: bytes, mutations: list[tuple[int, str]]
) -> None:
    """Changed, cut, lost and inserted bytes: wheel, Python and stream agree on the outcome."""
    length = _length(data)
    for place, kind in mutations[:4]:
        at = place % max(len(data), 1)
        byte = data[at : at + 1]
        new = {"flip": bytes((byte[0] ^ 1 << place % 8,)) if byte else b"", "lost": b""}
        data = data[:at] + (b"" if kind == "cut" else new.get(kind, byte * 2) + data[at + 1 :])

    outcomes = [
        _result(lambda: decompress(data, length)),
        _result(lambda: python_decompress(data, length)),
        _result(lambda: b"".join(stream(iter([data]), length))),
    ]

    assert outcomes.count(outcomes[0]) == 3
    assert outcomes[0] is None or len(outcomes[0]) == length


@pytest.mark.parametrize("size", [21, 80, 4_096, 100_000, 1_000_000])
def test_all_lengths_but_the_right_one_are_refused(size: int) -> None:
    """From 20 bytes to 1 MB: the right length gives the text, one more or less raises LzfError."""
    data = _literals(size)
    assert decompress(data, size) == python_decompress(data, size) == bytes(size)
    for wrong in (size - 1, size + 1, 0, -1, size * 2, 1 << 33):
        with pytest.raises(LzfError):
            decompress(data, wrong)


def _literals(size: int) -> bytes:
    """LZF of so many zeros, without any back reference."""
    whole, rest = divmod(size, 32)
    return (b"\x1f" + bytes(32)) * whole + (bytes((rest - 1,)) + bytes(rest) if rest else b"")


def test_a_bomb_is_refused_before_memory_is_asked_for() -> None:
    """A length that LZF cannot reach is refused at once, however large."""
    with pytest.raises(LzfError, match="3 bytes of LZF cannot hold 1152921504606846976"):
        decompress(b"\x00ab", 1 << 60)


def test_damage_in_a_string_of_the_file_names_its_place() -> None:
    """The reader turns every refusal into its own error for damage, with the offset."""
    record = b"\xc3\x03\x08\x40\x05\x00"  # three bytes that point before the beginning
    with pytest.raises(RdbError, match=r"at byte 7 .*LZF"):
        Reader(io.BytesIO(record), 7).text()


def test_the_wheel_is_in_use() -> None:
    """This environment has the wheel, so the tests above compare two implementations."""
    assert lzf._native is not None


def test_without_the_wheel_python_does_the_work() -> None:
    """A processor without a wheel: the module imports, and gives the same bytes."""
    code = (
        "import sys; sys.modules['lzf'] = None\n"
        "from redis_dr.tasks.rdb.base import lzf\n"
        "assert lzf._native is None\n"
        "assert lzf.decompress(bytes((0, 65, 224, 0, 0)), 10) == b'A' * 10\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
